// One store per distinct policy: plugins that name the same Redis share one connection per worker.
import { ClusterCounters } from './redis/cluster-counters.ts'
import { RedisCounters } from './redis/redis-counters.ts'
import { targetOf } from './redis/target.ts'
import { type ClosableStore, SlicedCounters } from './slices/sliced-counters.ts'
import type { CounterPolicy, CounterStore, CounterStores, StoreObserver } from './store.ts'

/**
 * `local` is the store of policy `local`; it must be the same for all that shall count together. `observer` is told
 * how the shared stores are.
 */
export function createCounterStores(local: CounterStore, observer?: StoreObserver): CounterStores {
  const shared = new Map<string, ClosableStore>()
  return {
    open(policy: CounterPolicy, degradation?: 'lease') {
      if (policy.policy === 'local') return local
      const members = Object.entries(policy).toSorted(([a], [b]) => (a < b ? -1 : 1))
      const identity = JSON.stringify([degradation, members])
      let store = shared.get(identity)
      if (!store) {
        const target = targetOf(policy)
        store = target.isCluster ? new ClusterCounters(target, observer) : new RedisCounters(target, observer)
        if (degradation === 'lease') store = new SlicedCounters(store)
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
