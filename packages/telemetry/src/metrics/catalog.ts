// Every metric of the gateway: name (without prefix), type, labels in their order, buckets (common-plugins.md §8).

const latencyBucketsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]
const tokenGapBucketsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
const overheadBucketsMs = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000]
const tokenBuckets = [
  1, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
]

const caller = ['consumer', 'node', 'request_type', 'request_llm_model', 'llm_model'] as const
const traffic = ['type', 'route', 'service', ...caller] as const
const llm = ['route_id', 'service_id', ...caller] as const
const quota = ['level', 'route_id', 'instance'] as const
const cache = ['route', 'route_id', 'service', 'service_id', ...caller] as const

export interface MetricDeclaration {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

export const catalog = {
  http_status: {
    type: 'counter',
    help: 'Responses by status code.',
    labels: ['code', 'route', 'matched_uri', 'matched_host', 'service', ...caller, 'response_source'],
  },
  http_latency: {
    type: 'histogram',
    help: 'Milliseconds per request: in all, in the upstream, in the gateway.',
    labels: traffic,
    buckets: latencyBucketsMs,
  },
  bandwidth: { type: 'counter', help: 'Bytes received from and sent to clients.', labels: traffic },
  llm_latency: {
    type: 'histogram',
    help: 'Milliseconds of LLM requests: in all, and until the first token of streams.',
    labels: ['type', ...llm],
    buckets: latencyBucketsMs,
  },
  llm_time_per_output_token: {
    type: 'histogram',
    help: 'Milliseconds per token of streams, behind the first one.',
    labels: llm,
    buckets: tokenGapBucketsMs,
  },
  llm_gateway_overhead: {
    type: 'histogram',
    help: 'Milliseconds of LLM requests in the gateway: before the first call of an LLM service, and after the last.',
    labels: ['type', ...llm],
    buckets: overheadBucketsMs,
  },
  llm_prompt_tokens: { type: 'counter', help: 'Tokens of prompts.', labels: llm },
  llm_completion_tokens: { type: 'counter', help: 'Tokens of completions.', labels: llm },
  llm_prompt_tokens_dist: {
    type: 'histogram',
    help: 'Tokens of a prompt.',
    labels: llm,
    buckets: tokenBuckets,
  },
  llm_completion_tokens_dist: {
    type: 'histogram',
    help: 'Tokens of a completion.',
    labels: llm,
    buckets: tokenBuckets,
  },
  llm_active_connections: {
    type: 'gauge',
    help: 'LLM requests under way.',
    labels: ['route', 'route_id', 'matched_uri', 'matched_host', 'service', 'service_id', ...caller],
  },
  llm_quota_charged_total: {
    type: 'counter',
    help: 'Units booked in the accounts of quotas, of consumers or of instances.',
    labels: quota,
  },
  llm_quota_refusals_total: { type: 'counter', help: 'Requests that a quota refused.', labels: quota },
  ai_cache_hits_total: { type: 'counter', help: 'Answers from the cache.', labels: ['layer', ...cache] },
  ai_cache_misses_total: { type: 'counter', help: 'Requests that the cache did not know.', labels: cache },
  ai_cache_bypasses_total: { type: 'counter', help: 'Requests that passed the cache by.', labels: cache },
  ai_cache_embedding_latency: {
    type: 'histogram',
    help: 'Milliseconds of embeddings for the semantic cache.',
    labels: cache,
    buckets: latencyBucketsMs,
  },
  ai_moderation_errors_total: {
    type: 'counter',
    help: 'Moderation calls that failed, whatever became of the content.',
    labels: ['plugin', 'route_id', 'side'],
  },
  upstream_status: {
    type: 'gauge',
    help: '1 while a health-checked node is usable, else 0.',
    labels: ['name', 'ip', 'port'],
  },
  nginx_http_current_connections: { type: 'gauge', help: 'Client connections by state.', labels: ['state'] },
  http_requests_total: { type: 'gauge', help: 'Requests received.', labels: [] },
  etcd_reachable: { type: 'gauge', help: '1 while the configuration store answers.', labels: [] },
  etcd_modify_indexes: { type: 'gauge', help: 'Newest revision of each kind of document.', labels: ['key'] },
  node_info: { type: 'gauge', help: 'This gateway.', labels: ['hostname', 'version'] },
  counter_store_connections: {
    type: 'gauge',
    help: 'Connections of workers to shared counters by state: up or down.',
    labels: ['store', 'state'],
  },
  counter_store_failures_total: {
    type: 'counter',
    help: 'Calls to shared counters that failed or were not answered in time.',
    labels: ['store'],
  },
  nginx_metric_errors_total: {
    type: 'counter',
    help: 'Series that were folded together because a metric had too many.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricDeclaration>>

export type MetricName = keyof typeof catalog

export function declarationOf(name: string): MetricDeclaration {
  if (!isMetricName(name)) throw new TypeError(`no metric is called ${name}`)
  return catalog[name]
}

function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(catalog, name)
}
