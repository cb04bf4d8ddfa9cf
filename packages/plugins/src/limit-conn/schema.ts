import { policyMemberWithoutSentinel, redisClusterFields, redisFields } from '@weir/counters'
import { defineSchema, type Static } from '@weir/contract'

const conn = { oneOf: [{ type: 'integer', exclusiveMinimum: 0 }, { type: 'string' }] } as const
const burst = { oneOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }] } as const
const keyTtl = { key_ttl: { type: 'integer', default: 3600 } } as const

/* oxlint-disable unicorn/no-thenable -- JSON Schema's word */
export const schema = defineSchema({
  type: 'object',
  properties: {
    conn,
    burst,
    default_conn_delay: { type: 'number', exclusiveMinimum: 0 },
    only_use_default_delay: { type: 'boolean', default: false },
    key: { type: 'string' },
    key_type: { type: 'string', enum: ['var', 'var_combination'], default: 'var' },
    policy: policyMemberWithoutSentinel,
    rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
    rejected_msg: { type: 'string', minLength: 1 },
    allow_degradation: { type: 'boolean', default: false },
    rules: {
      type: 'array',
      items: {
        type: 'object',
        properties: { conn, burst, key: { type: 'string' } },
        required: ['conn', 'burst', 'key'],
      },
    },
  },
  oneOf: [
    { required: ['conn', 'burst', 'default_conn_delay', 'key'] },
    { required: ['default_conn_delay', 'rules'] },
  ],
  if: { properties: { policy: { enum: ['redis'] } } },
  then: { ...redisFields, properties: { ...redisFields.properties, ...keyTtl } },
  else: {
    if: { properties: { policy: { enum: ['redis-cluster'] } } },
    then: { ...redisClusterFields, properties: { ...redisClusterFields.properties, ...keyTtl } },
  },
})

export type Config = Static<typeof schema>
