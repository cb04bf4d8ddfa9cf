// Sets of addresses: who may call, whom to trust (contract/admin-api.md §1, routing.md §2.5 and §4).

import { BlockList, isIP } from 'node:net'

export interface AddressSet {
  /** Whether the address is in the set. What is no address is in no set. */
  has(address: string): boolean
}

/** A compiled list, or the complaint about its first bad entry. */
export type ParsedAddressSet =
  | { readonly ok: true; readonly value: AddressSet }
  | { readonly ok: false; readonly error: string }

/**
 * Compiles addresses and networks (`10.0.0.1`, `10.0.0.0/8`, `::1`, `fe80::/10`). An IPv4 address that arrives
 * wrapped as IPv6 (`::ffff:10.0.0.1`, as dual-stack sockets report it) is the IPv4 address.
 */
export function parseAddressSet(entries: readonly string[]): ParsedAddressSet {
  const list = new BlockList()
  for (const entry of entries) {
    if (!add(list, entry)) return { ok: false, error: `invalid ip address: ${entry}` }
  }
  return { ok: true, value: { has: (address) => contains(list, address) } }
}

function add(list: BlockList, entry: string): boolean {
  const [address = '', length, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  const name = family === 4 ? 'ipv4' : 'ipv6'
  if (length === undefined) {
    list.addAddress(address, name)
    return true
  }
  const bits = Number(length)
  if (!/^\d{1,3}$/.test(length) || bits > (family === 4 ? 32 : 128)) return false
  list.addSubnet(address, bits, name)
  return true
}

const wrapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

function contains(list: BlockList, address: string): boolean {
  const plain = wrapped.exec(address)?.[1] ?? address
  const family = isIP(plain)
  return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}
