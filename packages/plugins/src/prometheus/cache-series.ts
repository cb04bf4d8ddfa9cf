// What caches of answers did with the requests of one caller, model and route. Each series is bound at its first use:
// a route has a cache or not, and one that compares meanings or not.
import type { CacheOutcome, RouteFacts } from '@weir/plugin-api'
import type { BoundCounter, BoundHistogram } from '@weir/telemetry'
import type { LabelledMetrics, Labels } from './labels.ts'

interface Series {
  readonly counter: BoundCounter
  readonly labels: Labels
  embedding: BoundHistogram | undefined
}

export class CacheSeries {
  readonly route: RouteFacts
  readonly #metrics: LabelledMetrics
  readonly #labels: Labels
  /** By layer of hits, else by status. */
  readonly #series = new Map<string, Series>()

  constructor(metrics: LabelledMetrics, labels: Labels, route: RouteFacts) {
    this.route = route
    this.#metrics = metrics
    // Beside the ids, names are all that these can tell.
    this.#labels = { ...labels, route: route.name ?? '', service: route.serviceName ?? '' }
  }

  count(outcome: CacheOutcome): void {
    const { status, layer = status, embeddingMs } = outcome
    let series = this.#series.get(layer)
    if (!series) {
      series = this.#bind(outcome)
      this.#series.set(layer, series)
    }
    series.counter.inc()
    if (embeddingMs === undefined) return
    series.embedding ??= this.#metrics.histogram('ai_cache_embedding_latency', series.labels)
    series.embedding.observe(embeddingMs)
  }

  #bind({ status, layer }: CacheOutcome): Series {
    if (layer) {
      // No model was asked.
      const labels = { ...this.#labels, llm_model: '' }
      const counter = this.#metrics.counter('ai_cache_hits_total', { ...labels, layer })
      return { counter, labels, embedding: undefined }
    }
    const name = status === 'BYPASS' ? 'ai_cache_bypasses_total' : 'ai_cache_misses_total'
    return { counter: this.#metrics.counter(name, this.#labels), labels: this.#labels, embedding: undefined }
  }
}
