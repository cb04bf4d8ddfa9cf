import { defineSchema, type Static } from '@weir/contract'

export const schema = defineSchema({
  type: 'object',
  properties: {
    base_uri: { type: 'string', minLength: 1, default: '' },
    command: { type: 'string', minLength: 1 },
    args: { type: 'array', items: { type: 'string' }, minItems: 0 },
  },
  required: ['command'],
})

export type Config = Static<typeof schema>
