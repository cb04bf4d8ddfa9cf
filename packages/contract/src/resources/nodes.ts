// The nodes of an upstream, brought from their two written forms into one.

import type { Upstream } from './upstream.ts'

/** A node with everything that its written form may leave out. */
export interface Node {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
  /** 0: never picked by the weighted balancers. */
  readonly weight: number
  /** Higher tiers are used first. */
  readonly priority: number
}

const securePorts = new Set(['https', 'grpcs', 'tls'])

/**
 * Turns `{"host:port": weight}` or a list of nodes into a list with ports and priorities filled in
 * (contract/routing.md §8): the port by the scheme, 443 for https and grpcs, else 80; priority 0. The order
 * written is kept.
 */
export function normalizeNodes(nodes: Upstream['nodes'] | undefined, scheme = 'http'): readonly Node[] {
  const standardPort = securePorts.has(scheme) ? 443 : 80
  if (nodes === undefined) return []
  if (Array.isArray(nodes)) {
    return nodes.map(({ host, port, weight, priority }) => ({
      host: withoutBrackets(host),
      port: port ?? standardPort,
      weight,
      priority: priority ?? 0,
    }))
  }
  return Object.entries(nodes).map(([address, weight]) => {
    const { host, port } = parseHostPort(address)
    return { host, port: port ?? standardPort, weight, priority: 0 }
  })
}

/** Splits `host`, `host:port`, `[v6]`, `[v6]:port`. A bare IPv6 address is a host without a port. */
export function parseHostPort(address: string): { readonly host: string; readonly port: number | undefined } {
  const match = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(address)
  if (match === null) return { host: withoutBrackets(address), port: undefined }
  return { host: withoutBrackets(match[1] ?? ''), port: Number(match[2]) }
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
