import { defineSchema, type Static } from '@weir/contract'
import { denyCode, failMode, streamMembers, weirMember } from '../moderation/schema.ts'

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
    deny_code: denyCode,
    deny_message: { type: 'string' },
    ...streamMembers,
    timeout: { type: 'integer', minimum: 1, default: 10_000 },
    keepalive: { type: 'boolean', default: true },
    keepalive_pool: { type: 'integer', minimum: 1, default: 30 },
    keepalive_timeout: { type: 'integer', minimum: 1000, default: 60_000 },
    ssl_verify: { type: 'boolean', default: true },
    fail_mode: failMode,
    weir: weirMember,
  },
  required: ['endpoint', 'region_id', 'access_key_id', 'access_key_secret'],
})

export type Config = Static<typeof schema>
