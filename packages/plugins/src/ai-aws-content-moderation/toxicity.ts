// What Comprehend says of segments, and from what score on that is too much.
import type { Config } from './schema.ts'

export interface Toxicity {
  readonly toxicity: number
  readonly labels: readonly { readonly name: string; readonly score: number }[]
}

export type Thresholds = Pick<Config, 'moderation_categories' | 'moderation_threshold'>

/** What the first segment exceeds that exceeds anything: a category's name, or `toxicity`. */
export function exceeded(results: readonly Toxicity[], thresholds: Thresholds): string | undefined {
  const { moderation_categories: categories, moderation_threshold: threshold } = thresholds
  for (const { labels, toxicity } of results) {
    const label = labels.find(({ name, score }) => score > (categories?.[name] ?? Infinity))
    if (label) return label.name
    if (toxicity > threshold) return 'toxicity'
  }
  return undefined
}
