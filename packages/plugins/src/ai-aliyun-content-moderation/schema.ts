import { defineSchema, type Static } from '@weir/contract'

const text = { type: 'string', minLength: 1 } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    endpoint: text,
    region_id: text,
    access_key_id: text,
    access_key_secret: text,
    check_request: { type: 'boolean', default: true },
    check_response: { type: 'boolean', default: false },
    request_check_mode: { type: 'string', enum: ['last', 'all'], default: 'last' },
    request_check_roles: {
      type: 'array',
      items: { type: 'string', enum: ['user', 'tool', 'system'] },
      minItems: 1,
      uniqueItems: true,
      default: ['user'],
    },
    request_check_service: { ...text, default: 'llm_query_moderation' },
    request_check_length_limit: { type: 'integer', minimum: 1, default: 2000 },
    response_check_service: { ...text, default: 'llm_response_moderation' },
    response_check_length_limit: { type: 'integer', minimum: 1, default: 5000 },
    risk_level_bar: { type: 'string', enum: ['none', 'low', 'medium', 'high', 'max'], default: 'high' },
    deny_code: { type: 'integer', minimum: 200, maximum: 599, default: 200 },
    deny_message: { type: 'string' },
    stream_check_mode: { type: 'string', enum: ['realtime', 'final_packet'], default: 'final_packet' },
    stream_check_cache_size: { type: 'integer', minimum: 1, default: 128 },
    stream_check_interval: { type: 'number', minimum: 0.1, default: 3 },
    timeout: { type: 'integer', minimum: 1, default: 10_000 },
    keepalive: { type: 'boolean', default: true },
    keepalive_pool: { type: 'integer', minimum: 1, default: 30 },
    keepalive_timeout: { type: 'integer', minimum: 1000, default: 60_000 },
    ssl_verify: { type: 'boolean', default: true },
    fail_mode: { type: 'string', enum: ['skip', 'warn', 'error'], default: 'skip' },
  },
  required: ['endpoint', 'region_id', 'access_key_id', 'access_key_secret'],
})

export type Config = Static<typeof schema>
