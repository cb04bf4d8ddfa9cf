import { redisFields } from '@weir/counters'
import { defineSchema, type Static } from '@weir/contract'

const isOn = { type: 'boolean', default: true } as const
const text = { type: 'string' } as const
const ttl = { type: 'integer', minimum: 1 } as const

const embeddingCall = {
  api_key: text,
  endpoint: text,
  dimensions: { type: 'integer', minimum: 1 },
  ssl_verify: isOn,
  timeout: { type: 'integer', minimum: 1, default: 5000 },
} as const

const semantic = {
  type: 'object',
  properties: {
    similarity_threshold: { type: 'number', minimum: 0, maximum: 1, default: 0.95 },
    top_k: { type: 'integer', minimum: 1, default: 1 },
    distance_metric: { enum: ['cosine'], default: 'cosine' },
    ttl: { ...ttl, default: 86_400 },
    match: {
      type: 'object',
      properties: {
        message_countback: { type: 'integer', minimum: 1, default: 1 },
        ignore_system_prompts: isOn,
        ignore_assistant_prompts: isOn,
        ignore_tool_prompts: isOn,
      },
      default: {},
    },
    embedding: {
      type: 'object',
      properties: {
        openai: {
          type: 'object',
          properties: { model: text, ...embeddingCall },
          required: ['model', 'api_key'],
        },
        azure_openai: {
          type: 'object',
          properties: embeddingCall,
          required: ['endpoint', 'api_key'],
        },
      },
      oneOf: [{ required: ['openai'] }, { required: ['azure_openai'] }],
    },
    vector_search: {
      type: 'object',
      properties: {
        redis: { type: 'object', properties: { index: { ...text, default: 'ai-cache' } }, default: {} },
      },
      required: ['redis'],
    },
  },
  required: ['embedding', 'vector_search'],
} as const

/* oxlint-disable unicorn/no-thenable -- JSON Schema's word */
export const schema = defineSchema({
  type: 'object',
  properties: {
    layers: {
      type: 'array',
      items: { enum: ['exact', 'semantic'] },
      minItems: 1,
      uniqueItems: true,
      contains: { const: 'exact' },
      default: ['exact'],
    },
    exact: { type: 'object', properties: { ttl: { ...ttl, default: 3600 } }, default: {} },
    cache_key: {
      type: 'object',
      properties: {
        share_across_routes: { type: 'boolean', default: false },
        include_consumer: { type: 'boolean', default: false },
        include_vars: { type: 'array', items: text, default: {} },
        share_across_consumers: { type: 'boolean', default: false },
      },
      default: {},
    },
    max_cache_body_size: { type: 'integer', minimum: 0, default: 1_048_576 },
    cache_headers: isOn,
    bypass_on: {
      type: 'array',
      items: {
        type: 'object',
        properties: { header: { type: 'string', minLength: 1 }, equals: text },
        required: ['header', 'equals'],
      },
      minItems: 1,
    },
    policy: { type: 'string', enum: ['redis'], default: 'redis' },
    fail_mode: { type: 'string', enum: ['skip', 'warn', 'error'], default: 'skip' },
    semantic,
  },
  allOf: [
    {
      if: { properties: { layers: { contains: { const: 'semantic' } } }, required: ['layers'] },
      then: { required: ['semantic'] },
    },
  ],
  if: { properties: { policy: { enum: ['redis'] } } },
  then: redisFields,
})

export type Config = Static<typeof schema>
export type SemanticConfig = NonNullable<Config['semantic']>
