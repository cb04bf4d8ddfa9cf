// The headers that go to an LLM: the client's, under the instance's own (contract/ai-plugins.md §6.3).
import { consumedHeaders, type RequestContext } from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'

/** The connection's own (RFC 9110 §7.6.1), those that the body's new form changes, and compression nobody undoes here. */
const dropped = new Set([
  'host',
  'content-length',
  'accept-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
])

/** A flat list. `host` is the Host header where the connection's own name would be wrong. */
export function requestHeaders(ctx: RequestContext, instance: Instance, host: string | undefined): string[] {
  const { headers } = ctx.request
  const consumed = ctx.state.get(consumedHeaders)
  const named = namedByConnection(headers['connection'])
  const list: string[] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || dropped.has(name) || instance.headerNames.has(name)) continue
    if (consumed?.includes(name) || named?.includes(name)) continue
    if (typeof value === 'string') list.push(name, value)
    else for (const one of value) list.push(name, one)
  }
  for (const text of instance.headers) list.push(text)
  if (host !== undefined) list.push('host', host)
  return list
}

/** Headers that the client declared to be for this connection only. */
function namedByConnection(connection: string | string[] | undefined): readonly string[] | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return connection
    .toString()
    .split(',')
    .map((name) => name.trim().toLowerCase())
}
