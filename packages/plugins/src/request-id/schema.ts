import { defineSchema, type Static } from '@weir/contract'

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIGKLMNOPQRSTUVWXYZ0123456789'

export const schema = defineSchema({
  type: 'object',
  properties: {
    header_name: { type: 'string', default: 'X-Request-Id' },
    include_in_response: { type: 'boolean', default: true },
    algorithm: {
      type: 'string',
      enum: ['uuid', 'nanoid', 'range_id', 'ksuid', 'uuidv7'],
      default: 'uuid',
    },
    range_id: {
      type: 'object',
      properties: {
        length: { type: 'integer', minimum: 6, default: 16 },
        char_set: { type: 'string', minLength: 6, default: letters },
      },
      default: { length: 16, char_set: letters },
    },
  },
})

export type Config = Static<typeof schema>
