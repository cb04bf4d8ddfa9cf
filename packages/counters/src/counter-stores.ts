// One store per distinct policy: plugins that name the same Redis share one connection per worker.
import { ClusterCounters } from './redis/cluster-counters.ts'
import { RedisCounters } from './redis/redis-counters.ts'
import { targetOf } from './redis/target.ts'
import type { CounterPolicy, CounterStore, CounterStores } from './store.ts'

/** `local` is the store of policy `local`; it must be the same for all that shall count together. */
export function createCounterStores(local: CounterStore): CounterStores {
  const shared = new Map<string, RedisCounters | ClusterCounters>()
  return {
    open(policy: CounterPolicy) {
      if (policy.policy === 'local') return local
      const identity = JSON.stringify(Object.entries(policy).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      let store = shared.get(identity)
      if (!store) {
        const target = targetOf(policy)
        store = target.isCluster ? new ClusterCounters(target) : new RedisCounters(target)
        shared.set(identity, store)
      }
      return store
    },
    close() {
      for (const store of shared.values()) store.close()
      shared.clear()
    },
  }
}
