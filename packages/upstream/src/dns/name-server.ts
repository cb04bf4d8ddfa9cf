// Asking name servers for the addresses of a name, with the time for which they hold.
import { lookup, Resolver } from 'node:dns/promises'

interface Answer {
  readonly addresses: readonly string[]
  /** Seconds. */
  readonly ttlSeconds: number
}

/** Rejects with an error whose `code` says why: ENOTFOUND when the name is known not to exist. */
export type AskNameServer = (name: string) => Promise<Answer>

/** What only the operating system's own look-up knows (search domains, mDNS) comes without a time to live. */
const systemTtlSeconds = 30

export interface NameServerOptions {
  /** `ip` or `ip:port`; by default those of the operating system. */
  readonly servers?: readonly string[] | undefined
  /** Milliseconds for one query to one server, which is tried twice. */
  readonly timeoutMs: number
}

/** IPv4 addresses, or IPv6 ones where there are none. */
export function createNameServerClient({ servers, timeoutMs }: NameServerOptions): AskNameServer {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
  if (servers) resolver.setServers(servers)

  return async (name) => {
    try {
      return fromRecords(await resolver.resolve4(name, { ttl: true }))
    } catch (error) {
      if (!isAbsent(error)) throw error
    }
    try {
      return fromRecords(await resolver.resolve6(name, { ttl: true }))
    } catch (error) {
      if (!isAbsent(error) || servers) throw error
    }
    const found = await lookup(name, { all: true, order: 'ipv4first' })
    return { addresses: found.map(({ address }) => address), ttlSeconds: systemTtlSeconds }
  }
}

function fromRecords(records: readonly { readonly address: string; readonly ttl: number }[]): Answer {
  return {
    addresses: records.map(({ address }) => address),
    ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)),
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')
}
