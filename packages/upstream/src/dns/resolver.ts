// Names to addresses, remembered for as long as their records allow: /etc/hosts first, then name servers.
import { readFileSync, statSync } from 'node:fs'
import { isIP, type LookupFunction } from 'node:net'
import { type HostsFile, parseHostsFile } from './hosts-file.ts'
import { type AskNameServer, createNameServerClient } from './name-server.ts'

export interface ResolverOptions {
  /** `apisix.dns_resolver`: `ip` or `ip:port`; by default the operating system's. */
  readonly servers?: readonly string[] | undefined
  /** `apisix.resolver_timeout`, milliseconds. */
  readonly timeoutMs?: number | undefined
  /** `apisix.dns_resolver_valid`, seconds: replaces the records' own time to live. */
  readonly validSeconds?: number | undefined
  readonly hostsFile?: string | undefined
  /** For tests: stands in for the name servers. */
  readonly ask?: AskNameServer | undefined
  /** Milliseconds, monotonic. */
  readonly now?: (() => number) | undefined
}

export interface Resolver {
  /**
   * The addresses of `host`, IPv4 preferred, never empty; an address is its own. Synchronous while the answer is
   * remembered. Rejects with an error whose `code` is the resolver's (ENOTFOUND ...).
   */
  resolve(host: string): readonly string[] | Promise<readonly string[]>
  /** For sockets: `net.connect`'s way of asking. */
  readonly lookup: LookupFunction
}

const timeoutMsDefault = 5000
/** A record of 0 s would be asked anew for every request. */
const ttlMsMin = 1000
const ttlMsMax = 3600_000
/** How long a failure is remembered. */
const negativeTtlMs = 1000
/** An answer past its time is still used for so long when the name servers do not answer. */
const staleMsMax = 300_000
const namesMax = 4096
const hostsCheckMs = 5000

interface Known {
  addresses: readonly string[]
  error: Error | undefined
  expiresAt: number
  /** The last query failed, yet these addresses still serve, until then. */
  staleUntil: number
  /** The query under way. */
  asking: Promise<readonly string[]> | undefined
}

export function createResolver(options: ResolverOptions = {}): Resolver {
  const now = options.now ?? (() => performance.now())
  const ask =
    options.ask ??
    createNameServerClient({ servers: options.servers, timeoutMs: options.timeoutMs ?? timeoutMsDefault })
  const hosts = watchHostsFile(options.hostsFile ?? '/etc/hosts', now)
  // In the order of insertion: the first is the longest known.
  const names = new Map<string, Known>()

  function resolve(host: string): readonly string[] | Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host]
    if (host.startsWith('[') && host.endsWith(']')) return [host.slice(1, -1)]
    const name = host.toLowerCase()
    const listed = hosts().get(name)
    if (listed) return listed
    let known = names.get(name)
    if (known && now() < known.expiresAt) {
      if (known.error) return Promise.reject(known.error)
      return known.addresses
    }
    if (!known) {
      known = { addresses: [], error: undefined, expiresAt: 0, staleUntil: 0, asking: undefined }
      names.set(name, known)
      forgetOldest(names)
    }
    known.asking ??= refresh(name, known)
    if (now() >= known.staleUntil) return known.asking
    // Nobody waits for name servers that did not answer before.
    known.asking.catch(() => undefined)
    return known.addresses
  }

  async function refresh(name: string, known: Known): Promise<readonly string[]> {
    try {
      const { addresses, ttlSeconds } = await ask(name)
      if (addresses.length === 0)
        throw Object.assign(new Error(`no address for ${name}`), { code: 'ENOTFOUND' })
      const ttlMs = (options.validSeconds ?? ttlSeconds) * 1000
      known.addresses = addresses
      known.error = undefined
      known.staleUntil = 0
      known.expiresAt = now() + Math.min(Math.max(ttlMs, ttlMsMin), ttlMsMax)
    } catch (error) {
      const failure = toError(error)
      const lastUse = known.staleUntil || known.expiresAt + staleMsMax
      if (known.addresses.length > 0 && !isNotFound(failure) && now() < lastUse) {
        known.staleUntil = lastUse
        return known.addresses
      }
      known.addresses = []
      known.staleUntil = 0
      known.error = failure
      known.expiresAt = now() + negativeTtlMs
      throw failure
    } finally {
      known.asking = undefined
    }
    return known.addresses
  }

  async function tell(host: string, all: boolean | undefined, done: Parameters<LookupFunction>[2]) {
    let addresses: readonly string[] = []
    let failure: Error | undefined
    try {
      addresses = await resolve(host)
    } catch (error) {
      failure = toError(error)
    }
    const [first = ''] = addresses
    if (failure) done(failure, '')
    else if (all) done(null, withFamilies(addresses))
    else done(null, first, isIP(first))
  }

  return { resolve, lookup: (host, { all }, done) => void tell(host, all, done) }
}

function withFamilies(addresses: readonly string[]): { address: string; family: number }[] {
  return addresses.map((address) => ({ address, family: isIP(address) }))
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function forgetOldest(names: Map<string, Known>): void {
  if (names.size <= namesMax) return
  const [oldest] = names.keys()
  if (oldest !== undefined) names.delete(oldest)
}

function isNotFound(error: Error): boolean {
  return 'code' in error && error.code === 'ENOTFOUND'
}

/** The file's names, read again after it changed; looked at every few seconds at most. */
function watchHostsFile(path: string, now: () => number): () => HostsFile {
  let names: HostsFile = new Map()
  let modifiedMs = -1
  let checkAt = -Infinity
  return () => {
    if (now() < checkAt) return names
    checkAt = now() + hostsCheckMs
    try {
      const { mtimeMs } = statSync(path)
      if (mtimeMs !== modifiedMs) names = parseHostsFile(readFileSync(path, 'utf8'))
      modifiedMs = mtimeMs
    } catch {
      // No such file is an empty file.
      names = new Map()
    }
    return names
  }
}
