// A client of the Admin API, as small as the scripts need it.

export interface AdminApi {
  readonly url: string
  /** Creates or replaces, such as `routes/1`. Rejects with the API's own message. */
  put(path: string, document: unknown): Promise<void>
}

const timeoutMs = 10_000

/** `url` is the place of the API without a path, such as http://127.0.0.1:9180. */
export function createAdminApi(url: string, key: string): AdminApi {
  return {
    url,
    put: async (path, document) => {
      const response = await fetch(`${url}/apisix/admin/${path}`, {
        method: 'PUT',
        headers: { 'X-API-KEY': key, 'Content-Type': 'application/json' },
        body: JSON.stringify(document),
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${text.trim()}`)
    },
  }
}
