// What quotas refused and charged, as metrics. The counters are bound once for each route, instance and level.
import type { PluginHost, QuotaSource } from '@weir/plugin-api'

/** Routes whose counters are kept; one configuration may serve many. */
const ROUTES_MAX = 250

type Level = QuotaSource['level']
type Metrics = PluginHost['metrics']
type BoundCounter = ReturnType<Metrics['counter']>
type InstanceCounters = Map<string, Partial<Record<Level, BoundCounter>>>

export class QuotaMetrics {
  readonly #metrics: Metrics
  readonly #charges = new Map<string, InstanceCounters>()
  readonly #refusals = new Map<string, InstanceCounters>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  charged(route: string, instance: string, level: Level, units: number): void {
    this.#counter(this.#charges, 'llm_quota_charged_total', route, instance, level).inc(units)
  }

  refused(route: string, instance: string, level: Level): void {
    this.#counter(this.#refusals, 'llm_quota_refusals_total', route, instance, level).inc()
  }

  #counter(
    bound: Map<string, InstanceCounters>,
    name: string,
    route: string,
    instance: string,
    level: Level,
  ): BoundCounter {
    let ofRoute = bound.get(route)
    if (!ofRoute) {
      if (bound.size >= ROUTES_MAX) bound.clear()
      bound.set(route, (ofRoute = new Map()))
    }
    let ofInstance = ofRoute.get(instance)
    if (!ofInstance) ofRoute.set(instance, (ofInstance = {}))
    return (ofInstance[level] ??= this.#metrics.counter(name, { level, route_id: route, instance }))
  }
}
