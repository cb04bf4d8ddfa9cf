// From `plugin_attr.prometheus` to what telemetry knows of it (common-plugins.md §8).
import type { Settings } from '@weir/contract'
import { type ExtraLabel, metricCatalog, type MetricsShape } from '@weir/telemetry'

/** @throws Error with a sentence when an extra label has the name of another one. */
export function metricsShape({ plugin_attr: { prometheus } }: Settings): MetricsShape {
  const buckets = {
    http_latency: prometheus.default_buckets,
    llm_latency: prometheus.llm_latency_buckets,
    llm_prompt_tokens_dist: prometheus.llm_prompt_tokens_buckets,
    llm_completion_tokens_dist: prometheus.llm_completion_tokens_buckets,
    ai_cache_embedding_latency: prometheus.ai_cache_embedding_latency_buckets,
  }
  const given = Object.entries(buckets).flatMap(([name, bounds]): [string, readonly number[]][] =>
    bounds === undefined ? [] : [[name, bounds.toSorted((a, b) => a - b)]],
  )
  const extra = Object.entries(prometheus.metrics).flatMap(([name, { extra_labels }]) =>
    extra_labels.length === 0 ? [] : [[name, extraLabels(name, extra_labels)] as const],
  )
  return { buckets: Object.fromEntries(given), extraLabels: Object.fromEntries(extra) }
}

function extraLabels(
  metric: string,
  given: readonly Readonly<Record<string, unknown>>[],
): readonly ExtraLabel[] {
  const labels = given.flatMap(toLabels)
  const known: Readonly<Record<string, { readonly labels: readonly string[] }>> = metricCatalog
  const taken = new Set(['le', ...(known[metric]?.labels ?? [])])
  for (const { name } of labels) {
    if (taken.has(name)) {
      throw new Error(
        `plugin_attr.prometheus.metrics.${metric}.extra_labels: there is a label ${name} already`,
      )
    }
    taken.add(name)
  }
  return labels
}

function toLabels(label: Readonly<Record<string, unknown>>): ExtraLabel[] {
  return Object.entries(label).map(([name, value]) => ({ name, value: String(value) }))
}

/**
 * Metrics in which requests are counted. What is written anew for each page, such as `upstream_status`, is never old.
 */
const counted = /^(?:http_status|http_latency|bandwidth|llm_|ai_)/

export function expirySeconds({ plugin_attr: { prometheus } }: Settings): Readonly<Record<string, number>> {
  const given = Object.entries(prometheus.metrics).filter(([name]) => counted.test(name))
  return Object.fromEntries(given.map(([name, { expire }]) => [name, expire]))
}
