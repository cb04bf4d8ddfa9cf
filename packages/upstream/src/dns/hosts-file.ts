// The names of /etc/hosts, which come before any name server (routing.md §8).
import { isIPv4, isIPv6 } from 'node:net'

/** Addresses by lower-case name, IPv4 first, otherwise in the file's order. */
export type HostsFile = ReadonlyMap<string, readonly string[]>

export function parseHostsFile(text: string): HostsFile {
  const names = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...aliases] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    if (!isIPv4(address) && !isIPv6(address)) continue
    for (const alias of aliases) {
      const name = alias.toLowerCase()
      const addresses = names.get(name)
      if (!addresses) names.set(name, [address])
      else if (!addresses.includes(address)) addresses.push(address)
    }
  }
  for (const [name, addresses] of names) {
    names.set(name, [
      ...addresses.filter((each) => isIPv4(each)),
      ...addresses.filter((each) => isIPv6(each)),
    ])
  }
  return names
}
