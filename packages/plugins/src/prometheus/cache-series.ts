// What caches of answers did with the requests of one caller, model and route. Each series is bound at its first use:
// a route has a cache or not, and one that compares meanings or not.
import type { CacheOutcome } from '@weir/plugin-api'
import type { BoundCounter, BoundHistogram } from '@weir/telemetry'
import type { LabelledMetrics, Labels } from './labels.ts'

export class CacheSeries {
  readonly #metrics: LabelledMetrics
  readonly #labels: Labels
  /** By layer of hits, else by status. */
  readonly #counters = new Map<string, BoundCounter>()
  #embedding: BoundHistogram | undefined

  constructor(metrics: LabelledMetrics, labels: Labels) {
    this.#metrics = metrics
    this.#labels = labels
  }

  count(outcome: CacheOutcome): void {
    const { status, layer = status, embeddingMs } = outcome
    let counter = this.#counters.get(layer)
    if (!counter) {
      counter = this.#counter(outcome)
      this.#counters.set(layer, counter)
    }
    counter.inc()
    if (embeddingMs === undefined) return
    this.#embedding ??= this.#metrics.histogram('ai_cache_embedding_latency', this.#labels)
    this.#embedding.observe(embeddingMs)
  }

  #counter({ status, layer }: CacheOutcome): BoundCounter {
    if (layer) return this.#metrics.counter('ai_cache_hits_total', { ...this.#labels, layer })
    const name = status === 'BYPASS' ? 'ai_cache_bypasses_total' : 'ai_cache_misses_total'
    return this.#metrics.counter(name, this.#labels)
  }
}
