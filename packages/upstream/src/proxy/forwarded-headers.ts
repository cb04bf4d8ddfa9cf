// What the upstream is told of the client's connection (routing.md §8), and whom we believe about it (etcd.md §9,
// `apisix.trusted_addresses`).
import type { AddressSet } from '@weir/contract'
import { isAsSent } from './client-headers.ts'
import type { ForwardRequest } from './types.ts'

/** Written here and never copied from the client's request. */
const names: ReadonlySet<string> = new Set([
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'forwarded',
])

/** `name`: lower case. */
export function isForwardedHeader(name: string): boolean {
  return names.has(name)
}

/** `trusted`: undefined when the setting is absent. */
export function pushForwardedHeaders(
  list: string[],
  request: ForwardRequest,
  trusted: AddressSet | undefined,
): void {
  const { headers, remoteAddress, peerAddress } = request
  const isTrusted = trusted?.has(peerAddress) ?? false
  list.push('X-Real-IP', remoteAddress)
  const chain = trusted === undefined || isTrusted ? textOf(headers['x-forwarded-for']) : undefined
  list.push('X-Forwarded-For', chain ? `${chain}, ${remoteAddress}` : remoteAddress)

  const host = textOf(headers['host'])
  list.push(
    'X-Forwarded-Proto',
    believed(request, 'x-forwarded-proto', isTrusted) ?? request.scheme,
    'X-Forwarded-Host',
    believed(request, 'x-forwarded-host', isTrusted) ?? host ?? '',
    'X-Forwarded-Port',
    believed(request, 'x-forwarded-port', isTrusted) ?? portOf(host, request),
  )
  const forwarded = isTrusted ? textOf(headers['forwarded']) : undefined
  if (forwarded !== undefined) list.push('Forwarded', forwarded)
}

/** A trusted peer's word, or a plugin's, which the client cannot forge. */
function believed(request: ForwardRequest, name: string, isTrusted: boolean): string | undefined {
  const value = textOf(request.headers[name])
  if (value === undefined || isTrusted) return value
  return isAsSent(request, name) ? undefined : value
}

function portOf(host: string | undefined, { message }: ForwardRequest): string {
  const written = /:(\d+)$/.exec(host ?? '')
  return written?.[1] ?? String(message.socket.localPort ?? '')
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
