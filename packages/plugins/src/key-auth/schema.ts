import { defineSchema, type Static } from '@weir/contract'

export const schema = defineSchema({
  type: 'object',
  properties: {
    header: { type: 'string', default: 'apikey' },
    query: { type: 'string', default: 'apikey' },
    hide_credentials: { type: 'boolean', default: false },
    anonymous_consumer: { type: 'string', minLength: 1 },
    realm: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[ -!#-[\\]-~]+$', default: 'key' },
  },
})

export const consumerSchema = defineSchema({
  type: 'object',
  properties: { key: { type: 'string' } },
  required: ['key'],
})

export type Config = Static<typeof schema>
