// The request that most tests send.
import { type RawRequest, type RawResponse, rawRequest } from './client.ts'

/** POST of a JSON document to `path`; `headers` are added to the content type. */
export function postJson(
  port: number,
  path: string,
  document: unknown,
  options: Omit<RawRequest, 'port' | 'path' | 'body' | 'headers'> & { headers?: Record<string, string> } = {},
): Promise<RawResponse> {
  return rawRequest({
    ...options,
    port,
    path,
    headers: { 'Content-Type': 'application/json', ...options.headers },
    body: JSON.stringify(document),
  })
}
