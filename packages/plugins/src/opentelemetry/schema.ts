import { defineSchema, type Static } from '@weir/contract'

const names = { type: 'array', items: { type: 'string', minLength: 1 } } as const

/** The part of the requests, from 0 to 1. */
const fraction = { type: 'number', default: 0 } as const

const rootMember = {
  type: 'object',
  properties: {
    name: { type: 'string', enum: ['always_on', 'always_off', 'trace_id_ratio'], default: 'always_off' },
    options: { type: 'object', properties: { fraction }, default: { fraction: 0 } },
  },
  default: { name: 'always_off', options: { fraction: 0 } },
} as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    sampler: {
      type: 'object',
      properties: {
        name: {
          type: 'string',
          enum: ['always_on', 'always_off', 'trace_id_ratio', 'parent_base'],
          default: 'always_off',
        },
        options: {
          type: 'object',
          properties: { fraction, root: rootMember },
          default: { fraction: 0, root: rootMember.default },
        },
      },
      default: { name: 'always_off', options: { fraction: 0, root: rootMember.default } },
    },
    additional_attributes: names,
    additional_header_prefix_attributes: names,
  },
})

export type Config = Static<typeof schema>

export const metadataSchema = defineSchema({
  type: 'object',
  properties: {
    trace_id_source: { type: 'string', enum: ['x-request-id', 'random'], default: 'random' },
    resource: {
      type: 'object',
      additionalProperties: { anyOf: [{ type: 'boolean' }, { type: 'number' }, { type: 'string' }] },
      default: {},
    },
    collector: {
      type: 'object',
      properties: {
        address: { type: 'string', minLength: 1, default: '127.0.0.1:4318' },
        /** Seconds. */
        request_timeout: { type: 'integer', minimum: 1, default: 3 },
        request_headers: { type: 'object', additionalProperties: { type: 'string' }, default: {} },
      },
      default: { address: '127.0.0.1:4318', request_timeout: 3, request_headers: {} },
    },
    batch_span_processor: {
      type: 'object',
      properties: {
        drop_on_queue_full: { type: 'boolean', default: true },
        max_queue_size: { type: 'integer', minimum: 1, maximum: 100_000, default: 2048 },
        /** Seconds. */
        batch_timeout: { type: 'number', exclusiveMinimum: 0, default: 5 },
        inactive_timeout: { type: 'number', exclusiveMinimum: 0, default: 2 },
        max_export_batch_size: { type: 'integer', minimum: 1, default: 256 },
      },
      default: {
        drop_on_queue_full: true,
        max_queue_size: 2048,
        batch_timeout: 5,
        inactive_timeout: 2,
        max_export_batch_size: 256,
      },
    },
    set_ngx_var: { type: 'boolean', default: false },
    // Weir's own.
    metrics: {
      type: 'object',
      properties: {
        enabled: { type: 'boolean', default: true },
        /** Seconds. */
        interval: { type: 'number', minimum: 0.1, default: 60 },
      },
      default: { enabled: true, interval: 60 },
    },
  },
})

export type Metadata = Static<typeof metadataSchema>
