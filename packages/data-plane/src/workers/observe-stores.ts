// The state of shared counters as metrics.
import type { StoreObserver } from '@weir/counters'
import type { Metrics } from '@weir/telemetry'

/** Every worker has its own connection to a store; the page shows how many are up and how many down. */
export function observeStores(metrics: Metrics): StoreObserver {
  return {
    state(store, isUp) {
      metrics.gauge('counter_store_connections', { store, state: 'up' }).set(isUp ? 1 : 0)
      metrics.gauge('counter_store_connections', { store, state: 'down' }).set(isUp ? 0 : 1)
    },
    failed: (store) => metrics.counter('counter_store_failures_total', { store }).inc(),
  }
}
