// Series that nothing was counted in for long are left out of the page (`plugin_attr.prometheus.metrics.<name>.expire`,
// common-plugins.md §8). They are looked at as sums over all threads, since any of them may count; a series that comes
// back goes on from where it was, so no rate jumps.
import { declarationOf } from './catalog.ts'
import type { MetricsSnapshot, SeriesSnapshot } from './metrics.ts'

interface Seen {
  values: readonly number[]
  /** Milliseconds. */
  changedAt: number
}

/** `seconds`: by metric name, 0 for never. `now`: milliseconds. */
export function createExpiry(
  seconds: Readonly<Record<string, number>>,
  now: () => number = () => performance.now(),
): (snapshot: MetricsSnapshot) => MetricsSnapshot {
  const seen = new Map<string, Map<string, Seen>>()
  const expiring = Object.entries(seconds).filter(([, value]) => value > 0)

  function isYoung(known: Map<string, Seen>, { labels, values }: SeriesSnapshot, maxAgeMs: number): boolean {
    const key = labels.join('\u0000')
    const before = known.get(key)
    if (!before || before.values.some((value, i) => value !== values[i])) {
      known.set(key, { values, changedAt: now() })
      return true
    }
    return now() - before.changedAt <= maxAgeMs
  }

  return (snapshot) => {
    if (expiring.length === 0) return snapshot
    const alive: Record<string, readonly SeriesSnapshot[]> = { ...snapshot }
    for (const [name, maxAge] of expiring) {
      const series = snapshot[name]
      if (!series) continue
      let known = seen.get(name)
      if (!known) seen.set(name, (known = new Map()))
      const before = known
      // What is under way is not over, however long it takes.
      const isGauge = declarationOf(name).type === 'gauge'
      alive[name] = series.filter(
        (one) => (isGauge && one.values[0] !== 0) || isYoung(before, one, maxAge * 1000),
      )
    }
    return alive
  }
}
