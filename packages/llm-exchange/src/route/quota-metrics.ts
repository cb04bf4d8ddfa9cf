// What quotas refused and charged, as metrics. The counters are bound once for each route, instance and level.
import type { PluginHost, QuotaSource } from '@weir/plugin-api'

/** Bound counters kept; one configuration may serve many routes. */
const BOUND_MAX = 1_000

type Level = QuotaSource['level']
type Metrics = PluginHost['metrics']
type BoundCounter = ReturnType<Metrics['counter']>

export class QuotaMetrics {
  readonly #metrics: Metrics
  readonly #bound = new Map<string, BoundCounter>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  charged(route: string, instance: string, level: Level, units: number): void {
    this.#counter('llm_quota_charged_total', route, instance, level).inc(units)
  }

  refused(route: string, instance: string, level: Level): void {
    this.#counter('llm_quota_refusals_total', route, instance, level).inc()
  }

  #counter(name: string, route: string, instance: string, level: Level): BoundCounter {
    const key = `${name} ${level} ${route} ${instance}`
    let counter = this.#bound.get(key)
    if (!counter) {
      if (this.#bound.size >= BOUND_MAX) this.#bound.clear()
      counter = this.#metrics.counter(name, { level, route_id: route, instance })
      this.#bound.set(key, counter)
    }
    return counter
  }
}
