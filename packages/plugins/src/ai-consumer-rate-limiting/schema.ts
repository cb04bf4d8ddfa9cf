import { policyConditions, policyMember } from '@weir/counters'
import { defineSchema, type Static } from '@weir/contract'
import { strategyMember } from '../token-quota/token-cost.ts'

/** A number of units or seconds, or a var template for one. */
const amount = { oneOf: [{ type: 'integer', exclusiveMinimum: 0 }, { type: 'string' }] } as const

const quotaMembers = {
  limit: amount,
  time_window: amount,
  limit_strategy: strategyMember,
  cost_expr: { type: 'string', minLength: 1 },
} as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    instances: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { name: { type: 'string', minLength: 1 }, ...quotaMembers },
        required: ['name', 'limit', 'time_window'],
      },
    },
    ...quotaMembers,
    admission: { type: 'string', enum: ['fits', 'remaining'], default: 'fits' },
    clamp_max_tokens: { type: 'boolean', default: false },
    on_exhausted: { type: 'string', enum: ['reject', 'next_instance'], default: 'reject' },
    show_limit_quota_header: { type: 'boolean', default: true },
    rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 429 },
    rejected_msg: { type: 'string', minLength: 1 },
    allow_degradation: { type: 'boolean', default: false },
    degradation: { type: 'string', enum: ['lease'] },
    policy: policyMember,
  },
  dependencies: { limit: ['time_window'], time_window: ['limit'] },
  anyOf: [{ required: ['instances'] }, { required: ['limit', 'time_window'] }],
  ...policyConditions,
})

export type Config = Static<typeof schema>
