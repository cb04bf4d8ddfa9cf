// What of an LLM's answer reaches the client besides its body.

/** What a client needs to wait, or to ask its provider about a request. Never a cookie. */
const passed = new Set(['retry-after', 'x-request-id'])
const passedPrefix = 'x-ratelimit-'

export interface ResponseFacts {
  /** Name, value, name, value ... for the client. */
  readonly headers: string[]
  readonly isStream: boolean
  /** Whether the body is compressed. */
  readonly isEncoded: boolean
  /** -1 when it is not announced. */
  readonly contentLength: number
}

/** `list` is flat, in the upstream's spelling. */
export function readResponseHeaders(list: readonly string[]): ResponseFacts {
  const headers: string[] = []
  let isStream = false
  let isEncoded = false
  let contentLength = -1
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    const lower = name.toLowerCase()
    if (lower === 'content-type') {
      isStream = value.includes('text/event-stream')
      headers.push('Content-Type', withCharset(value))
    } else if (lower === 'content-length') contentLength = Number(value)
    else if (lower === 'content-encoding') isEncoded = value !== '' && value.toLowerCase() !== 'identity'
    else if (passed.has(lower) || lower.startsWith(passedPrefix)) headers.push(name, value)
  }
  return { headers, isStream, isEncoded, contentLength }
}

/** As nginx's `charset` does for the types that need it (contract/ai-plugins.md §6 step 12). */
function withCharset(contentType: string): string {
  return contentType === 'text/html' || contentType === 'text/plain'
    ? `${contentType}; charset=utf-8`
    : contentType
}
