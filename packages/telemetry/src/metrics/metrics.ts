// This thread's metrics: series by label values, bounded in number, and what they hold at a moment.
import type { Metrics } from '../types.ts'
import { declarationOf } from './catalog.ts'
import { HistogramSeries, ValueSeries } from './series.ts'
import { bucketsOf, labelNamesOf, type MetricsShape } from './shape.ts'

/** Series of one metric at most; clients choose the model names that become labels. */
const seriesMaxDefault = 10_000
const overflow = 'overflow'

/** Plain data, fit for a message to another thread. */
export interface MetricsSnapshot {
  readonly [metric: string]: readonly SeriesSnapshot[]
}

export interface SeriesSnapshot {
  /** In the order of the declaration. */
  readonly labels: readonly string[]
  /** One number, or a histogram's counts by bucket followed by its sum. */
  readonly values: readonly number[]
}

export interface MetricsOptions {
  readonly seriesMax?: number | undefined
  readonly shape?: MetricsShape | undefined
}

export interface LocalMetrics extends Metrics {
  snapshot(): MetricsSnapshot
  /** Forgets every series of a gauge, for those that are written anew each time. */
  clear(name: string): void
}

type Series = ValueSeries | HistogramSeries

interface Entry {
  readonly labels: readonly string[]
  readonly series: Series
}

interface Metric {
  readonly type: string
  readonly labels: readonly string[]
  readonly bounds: readonly number[]
  readonly entries: Map<string, Entry>
}

export function createMetrics(options: MetricsOptions = {}): LocalMetrics {
  const { seriesMax = seriesMaxDefault, shape = {} } = options
  const metrics = new Map<string, Metric>()

  function metricOf(name: string): Metric {
    let metric = metrics.get(name)
    if (!metric) {
      const { type } = declarationOf(name)
      const labels = labelNamesOf(name, shape)
      metric = { type, labels, bounds: bucketsOf(name, shape), entries: new Map() }
      metrics.set(name, metric)
    }
    return metric
  }

  function seriesOf(name: string, labels: Readonly<Record<string, string>>): Series {
    const metric = metricOf(name)
    const { labels: names, type } = metric
    const values = names.map((label) => labels[label] ?? '')
    const key = values.join('\u0000')
    const known = metric.entries.get(key)
    if (known) return known.series
    const isFull = metric.entries.size >= seriesMax && values.some((value) => value !== overflow)
    if (isFull) {
      counter('nginx_metric_errors_total', {}).inc()
      return seriesOf(name, Object.fromEntries(names.map((label) => [label, overflow])))
    }
    const series = type === 'histogram' ? new HistogramSeries(metric.bounds) : new ValueSeries()
    metric.entries.set(key, { labels: values, series })
    return series
  }

  function valueOf(
    type: 'counter' | 'gauge',
    name: string,
    labels: Readonly<Record<string, string>>,
  ): ValueSeries {
    const series = seriesOf(name, labels)
    if (!(series instanceof ValueSeries) || declarationOf(name).type !== type) {
      throw new TypeError(`${name} is no ${type}`)
    }
    return series
  }

  function counter(name: string, labels: Readonly<Record<string, string>>): ValueSeries {
    return valueOf('counter', name, labels)
  }

  return {
    extraLabels: shape.extraLabels ?? {},
    counter,
    gauge: (name, labels) => valueOf('gauge', name, labels),
    histogram(name, labels) {
      const series = seriesOf(name, labels)
      if (series instanceof HistogramSeries) return series
      throw new TypeError(`${name} is no histogram`)
    },
    snapshot() {
      const snapshot: Record<string, SeriesSnapshot[]> = {}
      for (const [name, { entries }] of metrics) snapshot[name] = Array.from(entries.values(), toSnapshot)
      return snapshot
    },
    clear: (name) => metrics.get(name)?.entries.clear(),
  }
}

function toSnapshot({ labels, series }: Entry): SeriesSnapshot {
  if (series instanceof ValueSeries) return { labels, values: [series.value] }
  return { labels, values: [...series.counts, series.sum] }
}
