// The chains of one route: the plain one, and one per consumer that brings plugins of its own.
import { type Consumer, isReply, type Reply } from '@weir/plugin-api'
import { buildChain, type Chain } from './chain.ts'
import type { ChainEntry, CompiledRoute } from './types.ts'

interface Chains {
  readonly globalEntries: readonly ChainEntry[]
  readonly base: Chain
  /** Keyed by the consumer object, which a change replaces: nothing stale, and no larger than the consumers. */
  readonly byConsumer: WeakMap<Consumer, Chain | Reply>
}

const chainsOf = new WeakMap<CompiledRoute, Chains>()

/** The route's chain before anybody is authenticated. */
export function chainOf(route: CompiledRoute, globalEntries: readonly ChainEntry[]): Chain {
  return chains(route, globalEntries).base
}

/** The route's chain with what the consumer and its group bring, or why there is none. */
export function chainForConsumer(
  route: CompiledRoute,
  globalEntries: readonly ChainEntry[],
  consumer: Consumer,
): Chain | Reply {
  const { base, byConsumer } = chains(route, globalEntries)
  let chain = byConsumer.get(consumer)
  if (!chain) {
    const entries = route.entriesFor(consumer)
    if (!entries) chain = base
    else if (isReply(entries)) chain = entries
    else chain = buildChain(globalEntries, entries, route.entries)
    byConsumer.set(consumer, chain)
  }
  return chain
}

function chains(route: CompiledRoute, globalEntries: readonly ChainEntry[]): Chains {
  let known = chainsOf.get(route)
  if (known?.globalEntries !== globalEntries) {
    known = { globalEntries, base: buildChain(globalEntries, route.entries), byConsumer: new WeakMap() }
    chainsOf.set(route, known)
  }
  return known
}
