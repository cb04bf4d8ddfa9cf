// What an operator may change about metrics: their buckets, and labels besides those of the catalog.
import { declarationOf } from './catalog.ts'

/** One more label of a metric. */
export interface ExtraLabel {
  readonly name: string
  /** `$variable` of the request, or a text that is always the same. */
  readonly value: string
}

/** By metric name, without prefix. All threads of a process have the same. */
export interface MetricsShape {
  /** Upper bounds, ascending; instead of the catalog's. */
  readonly buckets?: Readonly<Record<string, readonly number[]>>
  readonly extraLabels?: Readonly<Record<string, readonly ExtraLabel[]>>
}

export function labelNamesOf(name: string, { extraLabels }: MetricsShape): readonly string[] {
  const { labels } = declarationOf(name)
  const extra = extraLabels?.[name]
  return extra ? [...labels, ...extra.map((label) => label.name)] : labels
}

export function bucketsOf(name: string, { buckets }: MetricsShape): readonly number[] {
  return buckets?.[name] ?? declarationOf(name).buckets ?? []
}
