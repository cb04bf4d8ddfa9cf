// What of an LLM's answer reaches the client besides its body.
import type { AnswerHeaders } from '@weir/upstream'

/** What a client needs to wait, or to ask its provider about a request. Never a cookie. */
const passed: readonly (readonly [field: string, name: string])[] = [
  ['retry-after', 'Retry-After'],
  // OpenAI's, which its own and Anthropic's clients obey.
  ['retry-after-ms', 'retry-after-ms'],
  ['x-should-retry', 'x-should-retry'],
  ['x-request-id', 'x-request-id'],
  // Anthropic's.
  ['request-id', 'request-id'],
]
/** `x-ratelimit-limit-requests` and its siblings, and Anthropic's. */
const passedPrefixes = ['x-ratelimit-', 'anthropic-ratelimit-'] as const

export interface ResponseFacts {
  /** Name, value, name, value ... for the client. */
  readonly headers: string[]
  readonly isStream: boolean
  /** Whether it is a stream of Amazon's frames. */
  readonly isFramed: boolean
  /** Whether the body is compressed. */
  readonly isEncoded: boolean
  /** -1 when it is not announced. */
  readonly contentLength: number
}

export function readResponseHeaders(fields: AnswerHeaders['fields']): ResponseFacts {
  const headers: string[] = []
  const contentType = first(fields['content-type'])
  if (contentType !== undefined) headers.push('Content-Type', withCharset(contentType))
  for (const [field, name] of passed) {
    const value = first(fields[field])
    if (value !== undefined) headers.push(name, value)
  }
  for (const name in fields) {
    const isPassed = name.startsWith(passedPrefixes[0]) || name.startsWith(passedPrefixes[1])
    const value = isPassed ? first(fields[name]) : undefined
    if (value !== undefined) headers.push(name, value)
  }
  const encoding = first(fields['content-encoding']) ?? ''
  const length = first(fields['content-length'])
  const isFramed = contentType?.includes('application/vnd.amazon.eventstream') ?? false
  return {
    headers,
    isStream: isFramed || (contentType?.includes('text/event-stream') ?? false),
    isFramed,
    isEncoded: encoding !== '' && encoding.toLowerCase() !== 'identity',
    contentLength: length === undefined ? -1 : Number(length),
  }
}

/** Of a list for the client; empty when it has none. */
export function contentTypeOf(headers: readonly string[]): readonly string[] {
  const at = headers.indexOf('Content-Type')
  return at < 0 ? [] : headers.slice(at, at + 2)
}

function first(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}

/** As nginx's `charset` does for the types that need it (contract/ai-plugins.md §6 step 12). */
function withCharset(contentType: string): string {
  return contentType === 'text/html' || contentType === 'text/plain'
    ? `${contentType}; charset=utf-8`
    : contentType
}
