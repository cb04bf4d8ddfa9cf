// One time series: a number, or the counts of a histogram. Held by whoever counts, so counting is one addition.
import type { BoundCounter, BoundGauge, BoundHistogram } from '../types.ts'

export class ValueSeries implements BoundCounter, BoundGauge {
  value = 0

  inc(by = 1): void {
    this.value += by
  }

  dec(by = 1): void {
    this.value -= by
  }

  set(value: number): void {
    this.value = value
  }
}

export class HistogramSeries implements BoundHistogram {
  readonly bounds: readonly number[]
  /** Observations by bucket, not cumulated; the last one is +Inf. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket++
    counts[bucket] = (counts[bucket] ?? 0) + 1
    this.sum += value
  }
}
