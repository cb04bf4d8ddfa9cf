// One store per distinct policy: plugins that name the same Redis share one connection per worker.
import { targetOf } from './redis/dial.ts'
import { RedisCounters } from './redis/redis-counters.ts'
import type { CounterPolicy, CounterStore, CounterStores } from './store.ts'

/** `local` is the store of policy `local`; it must be the same for all that shall count together. */
export function createCounterStores(local: CounterStore): CounterStores {
  const redis = new Map<string, RedisCounters>()
  return {
    open(policy: CounterPolicy) {
      if (policy.policy === 'local') return local
      const identity = JSON.stringify(Object.entries(policy).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      let store = redis.get(identity)
      if (!store) redis.set(identity, (store = new RedisCounters(targetOf(policy))))
      return store
    },
    close() {
      for (const store of redis.values()) store.close()
      redis.clear()
    },
  }
}
