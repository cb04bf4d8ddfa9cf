// The headers that an upstream is sent: the client's in the client's spelling, with the edits of plugins, without
// those of its connection, and with ours (routing.md §8).
import type { AddressSet } from '@weir/contract'
import { isAsSent, Spelling } from './client-headers.ts'
import { isForwardedHeader, pushForwardedHeaders } from './forwarded-headers.ts'
import { isHopByHop, namedInConnection } from './hop-by-hop.ts'
import type { ForwardRequest } from './types.ts'

/** Where the list has the value of Host, for the caller to fill in. */
export const hostAt = 1

/** Name, value, name, value ... `isStreamed`: the body goes on as it comes, and so its announced length holds. */
export function requestHeaders(
  request: ForwardRequest,
  trusted: AddressSet | undefined,
  isStreamed: boolean,
): string[] {
  const { headers, message } = request
  const list = ['Host', '']
  pushForwardedHeaders(list, request, trusted)
  const connection = headers['connection']
  const named = namedInConnection(Array.isArray(connection) ? connection.join(',') : connection)
  const spelling = new Spelling(message.rawHeaders)
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || isOurs(name) || isHopByHop(name)) continue
    if (name === 'content-length' && !isStreamed) continue
    // What a plugin set stays, whatever the client's Connection says: it may be the consumer's name.
    if (named?.has(name) && isAsSent(request, name)) continue
    const spelled = spelling.of(name)
    if (typeof value === 'string') list.push(spelled, value)
    else for (const one of value) list.push(spelled, one)
  }
  return list
}

/** Only what has no body can change its protocol at once. */
export function asksForUpgrade({ headers, method }: ForwardRequest): boolean {
  return method === 'GET' && headers['upgrade'] !== undefined
}

/** The headers that make an upgrade, of a request as of its answer: they concern one connection and are written anew. */
export function upgradeHeaders(rawHeaders: readonly string[]): string[] {
  const at = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === 'upgrade')
  return ['Connection', 'upgrade', 'Upgrade', rawHeaders[at + 1] ?? '']
}

/** Expect was answered by our own server. */
function isOurs(name: string): boolean {
  return name === 'host' || name === 'expect' || isForwardedHeader(name)
}
