// Priority above any algorithm: the nodes of the highest priority, and lower ones only when those are used up.
import {
  type Algorithm,
  type Balancer,
  type BalancerNode,
  Candidates,
  type Member,
  type NodeHealth,
} from './balancer.ts'
import { createConsistentHash } from './chash.ts'
import { createEwma } from './ewma.ts'
import { createLeastConn, type InFlight } from './least-conn.ts'
import { createRoundRobin } from './roundrobin.ts'

export type BalancerType = 'roundrobin' | 'chash' | 'ewma' | 'least_conn'

export interface BalancerOptions {
  /** In [0, 1). */
  readonly random?: (() => number) | undefined
  /** Milliseconds. */
  readonly now?: (() => number) | undefined
  /** For least_conn, kept by the owner of the node list. */
  readonly inFlight?: InFlight | undefined
}

export function createBalancer(
  type: BalancerType,
  nodes: readonly BalancerNode[],
  options: BalancerOptions = {},
): Balancer {
  const tiers: Algorithm[] = []
  const tierOf = new Map<number, Algorithm>()
  for (const members of groupByPriority(nodes)) {
    const tier = createAlgorithm(type, members, options)
    tiers.push(tier)
    for (const { index } of members) tierOf.set(index, tier)
  }
  const candidates = new Candidates()

  return {
    pick(tried: readonly number[], health: NodeHealth | undefined, key = '') {
      candidates.set(tried, health)
      for (const tier of tiers) {
        const index = tier.pick(candidates, key)
        if (index < 0) continue
        tier.begin?.(index)
        return index
      }
      return -1
    },
    done(index, elapsedMs) {
      tierOf.get(index)?.done?.(index, elapsedMs)
    },
  }
}

/** Highest priority first. */
function groupByPriority(nodes: readonly BalancerNode[]): Member[][] {
  const groups = new Map<number, Member[]>()
  for (const [index, { id, weight, priority = 0 }] of nodes.entries()) {
    const group = groups.get(priority)
    if (group) group.push({ index, id, weight })
    else groups.set(priority, [{ index, id, weight }])
  }
  return [...groups].toSorted(([a], [b]) => b - a).map(([, members]) => members)
}

function createAlgorithm(
  type: BalancerType,
  members: readonly Member[],
  options: BalancerOptions,
): Algorithm {
  const { random = Math.random, now = () => performance.now() } = options
  switch (type) {
    case 'roundrobin':
      return createRoundRobin(members, random)
    case 'chash':
      return createConsistentHash(members)
    case 'ewma':
      return createEwma(members, random, now)
    case 'least_conn':
      return createLeastConn(members, options.inFlight ?? new Map())
  }
}
