// The headers that go to an LLM: the client's, under the instance's own (contract/ai-plugins.md §6.3).
import type { AddressSet } from '@weir/contract'
import { type ClientRequest, consumedHeaders, type RequestContext } from '@weir/plugin-api'
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
  // Written here.
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
])

/** A flat list. `host` is the Host header where the connection's own name would be wrong. */
export function requestHeaders(
  ctx: RequestContext,
  instance: Pick<Instance, 'headers' | 'headerNames'>,
  host: string | undefined,
  trusted: AddressSet | undefined,
): string[] {
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
  pushForwarded(list, ctx.request, trusted)
  for (const text of instance.headers) list.push(text)
  if (host !== undefined) list.push('host', host)
  return list
}

/** How the client reached us; its own word counts when we trust its address (contract/etcd.md §9). */
function pushForwarded(list: string[], request: ClientRequest, trusted: AddressSet | undefined): void {
  const host = request.header('host') ?? ''
  const believed = trusted?.has(request.peerAddress) ? request : undefined
  const colon = host.lastIndexOf(':')
  const port = colon > host.lastIndexOf(']') ? host.slice(colon + 1) : String(request.localPort)
  list.push(
    'x-forwarded-proto',
    believed?.header('x-forwarded-proto') ?? request.scheme,
    'x-forwarded-host',
    believed?.header('x-forwarded-host') ?? host,
    'x-forwarded-port',
    believed?.header('x-forwarded-port') ?? port,
  )
}

/** Headers that the client declared to be for this connection only. */
function namedByConnection(connection: string | string[] | undefined): readonly string[] | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return connection
    .toString()
    .split(',')
    .map((name) => name.trim().toLowerCase())
}
