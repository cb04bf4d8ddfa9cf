// The metrics of all threads as one: what was counted is added up.
import type { MetricsSnapshot, SeriesSnapshot } from './metrics.ts'

export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const merged: Record<string, readonly SeriesSnapshot[]> = {}
  for (const snapshot of snapshots) {
    for (const [name, series] of Object.entries(snapshot)) {
      const known = merged[name]
      merged[name] = known ? mergeSeries(known, series) : series
    }
  }
  return merged
}

function mergeSeries(one: readonly SeriesSnapshot[], other: readonly SeriesSnapshot[]): SeriesSnapshot[] {
  const byLabels = new Map<string, SeriesSnapshot>()
  for (const series of [...one, ...other]) {
    const key = series.labels.join('\u0000')
    const known = byLabels.get(key)
    byLabels.set(key, known ? { labels: known.labels, values: addUp(known.values, series.values) } : series)
  }
  return [...byLabels.values()]
}

function addUp(one: readonly number[], other: readonly number[]): number[] {
  return one.map((value, i) => value + (other[i] ?? 0))
}
