import { policyConditions, policyMember } from '@weir/counters'
import { defineSchema, type Static } from '@weir/contract'
import { strategyMember } from '../token-quota/token-cost.ts'

/** A number of units or seconds, or a var template for one. */
const amount = { oneOf: [{ type: 'integer', exclusiveMinimum: 0 }, { type: 'string' }] } as const
const instanceAmount = { oneOf: [{ type: 'integer', minimum: 1 }, { type: 'string' }] } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    limit: amount,
    time_window: amount,
    show_limit_quota_header: { type: 'boolean', default: true },
    limit_strategy: strategyMember,
    cost_expr: { type: 'string', minLength: 1 },
    instances: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, limit: instanceAmount, time_window: instanceAmount },
        required: ['name', 'limit', 'time_window'],
      },
    },
    rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
    rejected_msg: { type: 'string', minLength: 1 },
    policy: policyMember,
    allow_degradation: { type: 'boolean', default: false },
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
  dependencies: { limit: ['time_window'], time_window: ['limit'] },
  oneOf: [
    { anyOf: [{ required: ['limit', 'time_window'] }, { required: ['instances'] }] },
    { required: ['rules'] },
  ],
  ...policyConditions,
})

export type Config = Static<typeof schema>
