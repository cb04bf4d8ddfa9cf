// The client's address as a proxy in front of us tells it (nginx's realip module; etcd.md §9, `real_ip_*`).
import { isIP } from 'node:net'
import type { AddressSet } from '@weir/contract'

export interface RealIp {
  /** Lower case. */
  readonly header: string
  /** Peers whose word counts. */
  readonly from: AddressSet
  /** Of several addresses the last that is not such a peer's, instead of the last. */
  readonly recursive: boolean
}

export interface RealAddress {
  readonly address: string
  /** 0 when it is not told. */
  readonly port: number
}

/** `told`: what the header holds. undefined: the peer's own address is the client's. */
export function realAddress(
  peer: string,
  told: string,
  { from, recursive }: RealIp,
): RealAddress | undefined {
  if (!from.has(peer)) return undefined
  let found: RealAddress | undefined
  for (const text of told.split(/[ ,]+/).toReversed()) {
    if (text === '') continue
    const next = parse(text)
    if (!next) break
    found = next
    if (!recursive || !from.has(next.address)) break
  }
  return found
}

/** `1.2.3.4`, `1.2.3.4:80`, `::1` or `[::1]:80`. */
function parse(text: string): RealAddress | undefined {
  if (isIP(text) !== 0) return { address: text, port: 0 }
  const [, bracketed, plain, port = '0'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = bracketed ?? plain ?? ''
  return isIP(address) === 0 ? undefined : { address, port: Number(port) }
}
