// One node as requests meet it: its addresses, what it is called, and the connections to it.
import { isIP } from 'node:net'
import type { Node } from '@weir/contract'
import type { Origin, Origins } from '../client/index.ts'
import type { Plan } from './plan.ts'

/** Addresses and TLS names remembered for one node; names come from clients' Host headers. */
const originsMax = 256

const standardPorts = { http: 80, https: 443 }

export class Target {
  readonly node: Node
  /** Its own Host header: the port only where it is not the scheme's standard one. */
  readonly #hostHeader: string
  readonly #plan: Plan
  readonly #origins: Origins
  readonly #connectTimeoutMs: number
  readonly #opened = new Map<string, Origin>()

  constructor(node: Node, plan: Plan, origins: Origins, connectTimeoutMs: number) {
    this.node = node
    this.#plan = plan
    this.#origins = origins
    this.#connectTimeoutMs = connectTimeoutMs
    const name = bracketed(node.host)
    this.#hostHeader = node.port === standardPorts[plan.scheme] ? name : `${name}:${node.port}`
  }

  /** The Host header of a request to it (routing.md §8); `asked`: the client's. */
  host(asked: string | undefined): string {
    const { pass_host, upstream_host } = this.#plan.upstream
    if (pass_host === 'rewrite' && upstream_host !== undefined) return upstream_host
    return pass_host === 'node' ? this.#hostHeader : (asked ?? this.#hostHeader)
  }

  /** `host:port` of one of its addresses. */
  authority(address: string): string {
    return `${bracketed(address)}:${this.node.port}`
  }

  /** `host`: the request's Host header, whose name TLS asks for (routing.md §8). */
  origin(authority: string, host: string): Origin {
    const { scheme, connection } = this.#plan
    const serverName = scheme === 'https' ? withoutPort(host) : ''
    const key = serverName === '' ? authority : `${authority} ${serverName}`
    const known = this.#opened.get(key)
    if (known) return known
    // Who still uses one of them keeps it; the rest ends by its idle time.
    if (this.#opened.size >= originsMax) this.#opened.clear()
    const origin = this.#origins.open({
      ...connection,
      origin: `${scheme}://${authority}`,
      serverName: serverName === '' || isIP(serverName) !== 0 ? undefined : serverName,
      connectTimeoutMs: this.#connectTimeoutMs,
    })
    this.#opened.set(key, origin)
    return origin
  }
}

/** An address or name as it stands before a port. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function withoutPort(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'))
  const colon = host.indexOf(':')
  return colon < 0 ? host : host.slice(0, colon)
}
