// The section `weir` of config.yaml: what APISIX has no key for. Members that it does not know are refused.

import type { Static } from '../schema/index.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

export const weirSchema = {
  type: 'object',
  default: {},
  properties: {
    /** Where configuration lives; default: etcd when `deployment.etcd` is given, else embedded. */
    store: { type: 'string', enum: ['etcd', 'embedded'] },
    embedded: {
      type: 'object',
      default: {},
      properties: {
        /** The file. */
        path: { type: 'string', minLength: 1, default: '.weir/weir.db' },
      },
      additionalProperties: false,
    },
    alerts: {
      type: 'object',
      default: {},
      properties: {
        /** Where health transitions and switches between instances are posted. */
        webhook: { type: 'string', pattern: '^https?://[^/]' },
        /** Added to each post. */
        headers: { type: 'object', default: {}, additionalProperties: { type: 'string' } },
      },
      additionalProperties: false,
    },
    /** Whether the credential with which a client authenticated here goes on to LLM providers. */
    forward_client_credentials: { type: 'boolean', default: false },
    /** Whether answers of LLM services say in `Server-Timing` what took how long. */
    expose_timings: { type: 'boolean', default: false },
    /** Seconds that requests and streams in flight may take after SIGTERM; 0: none. */
    drain_timeout: { type: 'number', minimum: 0, default: 30 },
    access_log: {
      type: 'object',
      default: {},
      properties: {
        /** A file, `/dev/stdout` or `/dev/stderr`. */
        path: { type: 'string', minLength: 1, default: '/dev/stdout' },
      },
      additionalProperties: false,
    },
    /** Plugins that documents name and this build does not run. */
    unsupported_plugins: {
      type: 'object',
      default: {},
      properties: {
        /** What the Admin API does with them; `accept` stores and warns. */
        mode: { type: 'string', enum: ['refuse', 'accept'], default: 'refuse' },
        /** Names served as if they were not there; any other answers 503. */
        ignore: { type: 'array', items: { type: 'string' }, default: [] },
      },
      additionalProperties: false,
    },
    limits: {
      type: 'object',
      default: {},
      properties: {
        /** Bytes of a request's head: its line and headers. */
        header_size: { type: 'integer', minimum: kibibyte, maximum: mebibyte, default: 32 * kibibyte },
        /** Headers of a request. */
        header_count: { type: 'integer', minimum: 16, maximum: 10_000, default: 1000 },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const

export type WeirSettings = Omit<Static<typeof weirSchema>, 'store'> & { readonly store: 'etcd' | 'embedded' }
