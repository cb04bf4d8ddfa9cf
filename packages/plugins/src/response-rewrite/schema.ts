import { defineSchema, type Static } from '@weir/contract'

const values = {
  type: 'object',
  minProperties: 1,
  patternProperties: { '^[^:]+$': { oneOf: [{ type: 'string' }, { type: 'number' }] } },
} as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    headers: {
      anyOf: [
        values,
        {
          properties: {
            add: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[^:]+:[^:]*[^/]$' } },
            set: values,
            remove: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[^:]+$' } },
          },
        },
      ],
    },
    body: { type: 'string' },
    body_base64: { type: 'boolean', default: false },
    status_code: { type: 'integer', minimum: 200, maximum: 598 },
    vars: { type: 'array' },
    filters: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          regex: { type: 'string', minLength: 1 },
          scope: { type: 'string', enum: ['once', 'global'], default: 'once' },
          replace: { type: 'string' },
          options: { type: 'string', default: 'jo' },
        },
        required: ['regex', 'replace'],
      },
    },
    /** Bytes. */
    max_resp_body_size: { type: 'integer', minimum: 1, default: 67_108_864 },
  },
  dependencies: {
    body: { not: { required: ['filters'] } },
    filters: { not: { required: ['body'] } },
  },
})

export type Config = Static<typeof schema>
