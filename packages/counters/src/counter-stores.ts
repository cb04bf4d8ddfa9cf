// One store per distinct policy: plugins that name the same Redis share one connection per worker.
import { ClusterCounters } from './redis/cluster-counters.ts'
import { RedisCommandLink } from './redis/command-link.ts'
import { RedisCounters } from './redis/redis-counters.ts'
import { RedisRequestCounters } from './requests/redis-request-counters.ts'
import type { RequestCounters } from './requests/request-counters.ts'
import { targetOf } from './redis/target.ts'
import { type ClosableStore, SlicedCounters } from './slices/sliced-counters.ts'
import type { CounterPolicy, CounterStore, CounterStores, RedisPolicy, StoreObserver } from './store.ts'

/**
 * `local` is the store of policy `local`; it must be the same for all that shall count together. `observer` is told
 * how the shared stores are.
 */
export function createCounterStores(
  local: CounterStore & LocalRequests,
  observer?: StoreObserver,
): CounterStores {
  const shared = new Map<string, ClosableStore>()
  const requests = new Map<string, RedisRequestCounters>()
  const commands = new Map<string, RedisCommandLink>()
  return {
    requests(policy: CounterPolicy) {
      if (policy.policy === 'local') return local.requests
      const identity = identityOf(policy)
      let counters = requests.get(identity)
      if (!counters) {
        counters = new RedisRequestCounters(targetOf(policy), observer)
        requests.set(identity, counters)
      }
      return counters
    },
    commands(policy: RedisPolicy) {
      const identity = identityOf(policy)
      let link = commands.get(identity)
      if (!link) {
        link = new RedisCommandLink(targetOf(policy), observer)
        commands.set(identity, link)
      }
      return link
    },
    open(policy: CounterPolicy, degradation?: 'lease') {
      if (policy.policy === 'local') return local
      const identity = `${degradation} ${identityOf(policy)}`
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
      for (const store of [...shared.values(), ...requests.values(), ...commands.values()]) store.close()
      shared.clear()
      requests.clear()
      commands.clear()
    },
  }
}

/** What the local store has besides, on the same memory. */
interface LocalRequests {
  readonly requests: RequestCounters
}

function identityOf(policy: CounterPolicy): string {
  return JSON.stringify(Object.entries(policy).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
