import { defineSchema, type Static } from '@weir/contract'

const origins = { type: 'string', pattern: '^(\\*|\\*\\*|null|\\w+://[^,]+(,\\w+://[^,]+)*)$' } as const
const names = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 4096 },
  minItems: 1,
  uniqueItems: true,
} as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    allow_origins: { ...origins, default: '*' },
    allow_methods: { type: 'string', default: '*' },
    allow_headers: { type: 'string', default: '*' },
    expose_headers: { type: 'string' },
    /** Seconds. */
    max_age: { type: 'integer', default: 5 },
    allow_credential: { type: 'boolean', default: false },
    allow_origins_by_regex: names,
    allow_origins_by_metadata: names,
    timing_allow_origins: origins,
    timing_allow_origins_by_regex: names,
  },
})

export type Config = Static<typeof schema>

export const metadataSchema = defineSchema({
  type: 'object',
  properties: { allow_origins: { type: 'object', additionalProperties: origins } },
})
