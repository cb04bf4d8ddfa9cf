import { policyConditionsWithoutSentinel, policyMemberWithoutSentinel } from '@weir/counters'
import { defineSchema, type Static } from '@weir/contract'

export const schema = defineSchema({
  type: 'object',
  properties: {
    rate: { type: 'number', exclusiveMinimum: 0 },
    burst: { type: 'number', minimum: 0 },
    key: { type: 'string' },
    key_type: { type: 'string', enum: ['var', 'var_combination'], default: 'var' },
    policy: policyMemberWithoutSentinel,
    rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
    rejected_msg: { type: 'string', minLength: 1 },
    nodelay: { type: 'boolean', default: false },
    allow_degradation: { type: 'boolean', default: false },
  },
  required: ['rate', 'burst', 'key'],
  ...policyConditionsWithoutSentinel,
})

export type Config = Static<typeof schema>
