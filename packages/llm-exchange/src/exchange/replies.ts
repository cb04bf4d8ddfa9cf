// What the gateway itself answers to a request for an LLM, in the contract's words (ai-plugins.md §2, §6.4).
import type { GatewayResponse, Reply } from '@weir/plugin-api'

export const emptyBody: Reply = {
  status: 400,
  body: { message: 'could not get body: request body is empty' },
}
export const noProtocol: Reply = { status: 400, body: 'no matching AI protocol for the request' }
/** No instance is left. */
export const allTried: Reply = { status: 503, body: 'all servers tried' }

/** All instances are out of quota; the first is back in so many seconds, unknown when infinite. */
export function allExhausted(retryAfter: number): Reply {
  return Number.isFinite(retryAfter)
    ? { ...allTried, headers: { 'Retry-After': String(retryAfter) } }
    : allTried
}

export function unsupportedContentType(contentType: string): Reply {
  const body = `unsupported content-type: ${contentType}, only application/json is supported`
  return { status: 400, body }
}

export function tooLarge(size: number, max: number): Reply {
  const reason = `request size ${size} is greater than the maximum size ${max} allowed`
  return { status: 413, body: { message: `could not get body: ${reason}` } }
}

export function notJson(reason: string): Reply {
  return { status: 400, body: { message: `could not parse JSON request body: ${reason}` } }
}

/** A refusal that comes too late for the access phase. */
export function toResponse({ status, body, headers }: Reply): GatewayResponse {
  const list = Object.entries({ 'Content-Type': 'text/plain; charset=utf-8', ...headers }).flat()
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body)
  const text = isJson ? `${JSON.stringify(body)}\n` : body
  return { status, headers: list, source: 'apisix', body: text }
}
