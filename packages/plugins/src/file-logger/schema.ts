import { defineSchema, type Static } from '@weir/contract'

const format = { type: 'object' } as const
const expression = { type: 'array', minItems: 1, items: { type: 'array' } } as const
/** Bytes. */
const bodyBound = { type: 'integer', minimum: 1, default: 524_288 } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    path: { type: 'string' },
    log_format: format,
    log_format_extra: format,
    include_req_body: { type: 'boolean', default: false },
    include_req_body_expr: expression,
    include_resp_body: { type: 'boolean', default: false },
    include_resp_body_expr: expression,
    max_req_body_bytes: bodyBound,
    max_resp_body_bytes: bodyBound,
    match: { type: 'array', maxItems: 20, items: { type: 'array' } },
  },
})

export type Config = Static<typeof schema>

export const metadataSchema = defineSchema({
  type: 'object',
  properties: { path: { type: 'string' }, log_format: format, log_format_extra: format },
})

export type Metadata = Static<typeof metadataSchema>
