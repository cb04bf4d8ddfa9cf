import { policyConditions, policyMember } from '@weir/counters'
import { defineSchema, type Static } from '@weir/contract'

/** A number of requests or seconds, or a var template for one. */
const amount = { oneOf: [{ type: 'integer', exclusiveMinimum: 0 }, { type: 'string' }] } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    count: amount,
    time_window: amount,
    window_type: { type: 'string', enum: ['fixed', 'sliding'], default: 'fixed' },
    group: { type: 'string' },
    key: { type: 'string', default: 'remote_addr' },
    key_type: { type: 'string', enum: ['var', 'var_combination', 'constant'], default: 'var' },
    rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
    rejected_msg: { type: 'string', minLength: 1 },
    policy: policyMember,
    allow_degradation: { type: 'boolean', default: false },
    show_limit_quota_header: { type: 'boolean', default: true },
    sync_interval: { type: 'number', default: -1 },
    rules: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          count: amount,
          time_window: amount,
          key: { type: 'string' },
          header_prefix: { type: 'string' },
        },
        required: ['count', 'time_window', 'key'],
      },
    },
  },
  oneOf: [{ required: ['count', 'time_window'] }, { required: ['rules'] }],
  ...policyConditions,
})

export type Config = Static<typeof schema>

export const metadataSchema = defineSchema({
  type: 'object',
  properties: {
    limit_header: { type: 'string', default: 'X-RateLimit-Limit' },
    remaining_header: { type: 'string', default: 'X-RateLimit-Remaining' },
    reset_header: { type: 'string', default: 'X-RateLimit-Reset' },
  },
})
