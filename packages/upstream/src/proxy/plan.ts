// What an upstream document says, worked out once.
import { isIP } from 'node:net'
import { GatewayError, type Node, normalizeNodes, type Upstream } from '@weir/contract'
import type { BalancerType } from '../balancer/index.ts'
import type { OriginOptions } from '../client/index.ts'
import type { HealthTarget, HealthWanted } from '../health/index.ts'
import { createHashKey, type HashKey } from './hash-key.ts'

export interface Plan {
  readonly upstream: Upstream
  readonly nodes: readonly Node[]
  readonly scheme: 'http' | 'https'
  /** undefined for a single node, which needs no choosing (routing.md §9). */
  readonly balancerType: BalancerType | undefined
  /** For chash. */
  readonly hashKey: HashKey | undefined
  /** One more than `retries` (routing.md §8.1). */
  readonly triesMax: number
  /** No retry begins later than so many milliseconds after the first try; 0: whenever. */
  readonly retryMs: number
  readonly connection: Pick<OriginOptions, 'verifyCertificate' | 'clientCertificate' | 'keepAlive'>
  /** Why no request can be sent, if so. */
  readonly problem: GatewayError | undefined
}

const balancerTypes: ReadonlySet<string> = new Set(['roundrobin', 'chash', 'ewma', 'least_conn'])

function isBalancerType(type: string): type is BalancerType {
  return balancerTypes.has(type)
}

/** `keepAlive` holds unless the document has its own. */
export function createPlan(upstream: Upstream, keepAlive: OriginOptions['keepAlive']): Plan {
  const nodes = normalizeNodes(upstream.nodes, upstream.scheme)
  const { type, tls, retries = nodes.length - 1, retry_timeout = 0 } = upstream
  return {
    upstream,
    nodes,
    scheme: upstream.scheme === 'https' ? 'https' : 'http',
    // Only least_conn counts the requests of a single node too, for the day when there is a second.
    balancerType: isBalancerType(type) && (nodes.length > 1 || type === 'least_conn') ? type : undefined,
    hashKey: type === 'chash' ? createHashKey(upstream) : undefined,
    triesMax: retries + 1,
    retryMs: retry_timeout * 1000,
    connection: {
      verifyCertificate: tls?.verify ?? false,
      clientCertificate: toCertificate(upstream),
      keepAlive: toKeepAlive(upstream) ?? keepAlive,
    },
    problem: problemOf(upstream, nodes),
  }
}

function toCertificate({ tls }: Upstream): OriginOptions['clientCertificate'] {
  if (tls?.client_cert === undefined || tls.client_key === undefined) return undefined
  return { cert: tls.client_cert, key: tls.client_key }
}

/** An idle time of 0 closes a connection after its answer. */
function toKeepAlive({ keepalive_pool: pool }: Upstream): OriginOptions['keepAlive'] | undefined {
  if (!pool) return undefined
  const { size, idle_timeout, requests } = pool
  return { connections: idle_timeout > 0 ? size : 0, idleMs: idle_timeout * 1000, requests }
}

/** Statuses as in routing.md §1 and §8. */
function problemOf({ scheme, type, tls }: Upstream, nodes: readonly Node[]): GatewayError | undefined {
  if (scheme !== 'http' && scheme !== 'https')
    return new GatewayError('no_upstream', `upstreams of scheme ${scheme} are not supported`)
  if (nodes.length === 0) return new GatewayError('no_upstream', 'no valid upstream node')
  if (nodes.length > 1 && !isBalancerType(type))
    return new GatewayError('internal', `upstreams of type ${type} are not supported`)
  if (tls?.client_cert_id !== undefined)
    return new GatewayError('upstream_unknown', `client certificate ${tls.client_cert_id} not found`)
  return undefined
}

/** undefined when the document wants no checks. */
export function healthWanted(
  resourceKey: string,
  { upstream, nodes, scheme }: Plan,
): HealthWanted | undefined {
  const { checks } = upstream
  if (!checks || nodes.length === 0) return undefined
  return {
    name: `upstream#${resourceKey}`,
    checks,
    targets: nodes.map((node) => toTarget(node, upstream)),
    tls: scheme === 'https',
    label: upstream.name,
    resource: resourceKey,
  }
}

/** Whom a probe calls by which name (routing.md §10.3). */
function toTarget({ host, port }: Node, { pass_host, upstream_host, checks }: Upstream): HealthTarget {
  if (pass_host === 'rewrite') return { host, port, hostname: upstream_host ?? host }
  return { host, port, hostname: isIP(host) === 0 ? host : (checks?.active.host ?? host) }
}
