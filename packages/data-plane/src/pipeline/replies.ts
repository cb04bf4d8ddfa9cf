// Turns replies and failures into responses.
import { STATUS_CODES } from 'node:http'
import { GatewayError } from '@weir/contract'
import type { GatewayResponse, Reply, ResponseSource } from '@weir/plugin-api'

/** What no route matched gets (routing.md §1). */
export const routeNotFound: Reply = { status: 404, body: { error_msg: '404 Route Not Found' } }

/**
 * An object is sent as JSON and one newline, anything else as it is (ai-plugins.md, conventions). A status of 400 or
 * more without a body names itself in JSON, where APISIX sends an HTML page.
 */
export function toResponse(reply: Reply, errorResponse?: string | object): GatewayResponse {
  const content = reply.status >= 400 ? (errorResponse ?? reply.body ?? statusBody(reply.status)) : reply.body
  const headers: string[] = []
  let typed = false
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    headers.push(name, value)
    typed ||= name.toLowerCase() === 'content-type'
  }
  if (!typed && content !== undefined) headers.push('Content-Type', 'text/plain; charset=utf-8')
  const isJson = typeof content === 'object' && !Buffer.isBuffer(content)
  const body = isJson ? `${JSON.stringify(content)}\n` : content
  return { status: reply.status, headers, source: 'apisix', body }
}

/** A failure of the gateway's own or on the way to the upstream: its status, and a reason that holds no secret. */
export function failureResponse(error: unknown, source: ResponseSource): GatewayResponse {
  const status = error instanceof GatewayError ? error.status : 500
  const reason = error instanceof GatewayError ? error.message : STATUS_CODES[500]
  const body = `${JSON.stringify({ error_msg: reason })}\n`
  return { status, headers: ['Content-Type', 'application/json'], source, body }
}

function statusBody(status: number): object {
  return { error_msg: STATUS_CODES[status] ?? 'error' }
}
