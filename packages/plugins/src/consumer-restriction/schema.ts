import { defineSchema, type Static } from '@weir/contract'

const names = { type: 'array', minItems: 1, items: { type: 'string' } } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    type: {
      type: 'string',
      enum: ['consumer_name', 'service_id', 'route_id', 'consumer_group_id'],
      default: 'consumer_name',
    },
    blacklist: names,
    whitelist: names,
    allowed_by_methods: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          user: { type: 'string' },
          methods: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'string',
              enum: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'PURGE'],
            },
          },
        },
      },
    },
    rejected_code: { type: 'integer', minimum: 200, default: 403 },
    rejected_msg: { type: 'string' },
  },
  anyOf: [{ required: ['blacklist'] }, { required: ['whitelist'] }, { required: ['allowed_by_methods'] }],
})

export type Config = Static<typeof schema>
