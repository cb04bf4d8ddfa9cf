import { activeHealthCheckSchema, defineSchema, type Static } from '@weir/contract'
import {
  authMember,
  optionsMember,
  overrideMember,
  providerConfMember,
  providerMember,
  transportMembers,
} from '../llm-instances/schema.ts'

const status = { type: 'integer', minimum: 400, maximum: 599 } as const
const anyCredentials = { type: 'object', additionalProperties: { type: 'string' } } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    balancer: {
      type: 'object',
      properties: {
        algorithm: { type: 'string', enum: ['chash', 'roundrobin', 'semantic'] },
        hash_on: {
          type: 'string',
          enum: ['vars', 'header', 'cookie', 'consumer', 'vars_combinations'],
          default: 'vars',
        },
        key: { type: 'string' },
      },
      default: { algorithm: 'roundrobin' },
    },
    instances: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 100 },
          provider: providerMember,
          weight: { type: 'integer', minimum: 0 },
          priority: { type: 'integer', default: 0 },
          auth: authMember,
          options: optionsMember,
          provider_conf: providerConfMember,
          override: overrideMember,
          checks: {
            type: 'object',
            properties: { active: activeHealthCheckSchema },
            required: ['active'],
          },
          examples: {
            type: 'array',
            minItems: 1,
            maxItems: 64,
            items: { type: 'string', minLength: 1 },
          },
          threshold: { type: 'number', minimum: -1, maximum: 1 },
        },
        required: ['name', 'provider', 'auth', 'weight'],
      },
    },
    semantic_opts: {
      type: 'object',
      properties: {
        embeddings: {
          type: 'object',
          properties: {
            provider: { type: 'string', enum: ['openai', 'azure-openai'] },
            model: { type: 'string', minLength: 1 },
            auth: {
              type: 'object',
              properties: { header: anyCredentials, query: anyCredentials },
              additionalProperties: false,
            },
            endpoint: { type: 'string' },
            timeout: { type: 'integer', minimum: 1, default: 3000 },
            ssl_verify: { type: 'boolean', default: true },
          },
          required: ['provider', 'model', 'auth'],
        },
        threshold: { type: 'number', minimum: -1, maximum: 1, default: 0 },
        fallback: { type: 'string', minLength: 1 },
        debugging: { type: 'boolean', default: false },
      },
      required: ['embeddings'],
    },
    fallback_strategy: {
      anyOf: [
        { type: 'string', enum: ['instance_health_and_rate_limiting', 'http_429', 'http_5xx'] },
        { type: 'array', items: { type: 'string', enum: ['rate_limiting', 'http_429', 'http_5xx'] } },
      ],
    },
    fallback_http_statuses: { type: 'array', minItems: 1, uniqueItems: true, items: status },
    max_retries: { type: 'integer', minimum: 0 },
    retry_on_failure_within_ms: { type: 'integer', minimum: 1 },
    ...transportMembers,
  },
  required: ['instances'],
})

export type Config = Static<typeof schema>
