import { defineSchema, type Static } from '@weir/contract'
import { metricCatalog } from '@weir/telemetry'

export const schema = defineSchema({
  type: 'object',
  properties: { prefer_name: { type: 'boolean', default: false } },
})

export type Config = Static<typeof schema>

/** Labels that tell kinds apart within a metric; without them its numbers would mean nothing. */
const essential = ['code', 'type', 'layer']

function labelsThatMayBeOff(name: keyof typeof metricCatalog) {
  const labels: readonly string[] = metricCatalog[name].labels
  const off = labels.filter((label) => !essential.includes(label))
  return { type: 'array', items: { type: 'string', enum: off } } as const
}

export const metadataSchema = defineSchema({
  type: 'object',
  properties: {
    disabled_labels: {
      type: 'object',
      properties: {
        http_status: labelsThatMayBeOff('http_status'),
        http_latency: labelsThatMayBeOff('http_latency'),
        bandwidth: labelsThatMayBeOff('bandwidth'),
        llm_latency: labelsThatMayBeOff('llm_latency'),
        llm_time_per_output_token: labelsThatMayBeOff('llm_time_per_output_token'),
        llm_gateway_overhead: labelsThatMayBeOff('llm_gateway_overhead'),
        llm_prompt_tokens: labelsThatMayBeOff('llm_prompt_tokens'),
        llm_completion_tokens: labelsThatMayBeOff('llm_completion_tokens'),
        llm_prompt_tokens_dist: labelsThatMayBeOff('llm_prompt_tokens_dist'),
        llm_completion_tokens_dist: labelsThatMayBeOff('llm_completion_tokens_dist'),
        llm_active_connections: labelsThatMayBeOff('llm_active_connections'),
        ai_cache_hits_total: labelsThatMayBeOff('ai_cache_hits_total'),
        ai_cache_misses_total: labelsThatMayBeOff('ai_cache_misses_total'),
        ai_cache_bypasses_total: labelsThatMayBeOff('ai_cache_bypasses_total'),
        ai_cache_embedding_latency: labelsThatMayBeOff('ai_cache_embedding_latency'),
      },
      additionalProperties: false,
    },
  },
})
