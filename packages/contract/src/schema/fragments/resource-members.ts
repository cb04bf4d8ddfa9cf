// The members that most resources share (contract/admin-api.md §5).

/** An id: a short text, or a positive integer. Ids are compared as text. */
export const idSchema = {
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-_.]+$' },
    { type: 'integer', minimum: 1 },
  ],
} as const

export const nameSchema = { type: 'string', minLength: 1, maxLength: 256 } as const

export const descSchema = { type: 'string', maxLength: 256 } as const

export const labelsSchema = {
  type: 'object',
  patternProperties: { '.*': { type: 'string', minLength: 1, maxLength: 256, pattern: '^\\S+$' } },
} as const

/** Unix time in seconds. */
export const timestampSchema = { type: 'integer' } as const

/** Plugin configurations by plugin name; each is checked against its plugin's own schema. */
export const pluginsSchema = { type: 'object' } as const

/** Lua source. Weir cannot run it; the schema stays so that complaints about its form are APISIX's. */
export const scriptSchema = { type: 'string', minLength: 10, maxLength: 102_400 } as const
