// The section `plugin_attr` of config.yaml: what plugins need to know once per process (contract/etcd.md §9).

import type { JsonObject, Static } from '../schema/index.ts'
import { portSchema } from './sections.ts'

/** Upper bounds of a histogram, ascending. */
const bucketsSchema = { type: 'array', items: { type: 'number' }, minItems: 1 } as const

export const pluginAttrSchema = {
  type: 'object',
  default: {},
  properties: {
    prometheus: {
      type: 'object',
      default: {},
      properties: {
        export_uri: { type: 'string', default: '/apisix/prometheus/metrics' },
        export_addr: {
          type: 'object',
          default: {},
          properties: {
            ip: { type: 'string', default: '127.0.0.1' },
            port: { ...portSchema, default: 9091 },
          },
          additionalProperties: false,
        },
        metric_prefix: { type: 'string', default: 'apisix_' },
        enable_export_server: { type: 'boolean', default: true },
        /** Seconds. */
        refresh_interval: { type: 'number', exclusiveMinimum: 0, default: 15 },
        /** Of `http_latency`, in milliseconds. */
        default_buckets: bucketsSchema,
        llm_latency_buckets: bucketsSchema,
        llm_prompt_tokens_buckets: bucketsSchema,
        llm_completion_tokens_buckets: bucketsSchema,
        ai_cache_embedding_latency_buckets: bucketsSchema,
        /** By metric name, without prefix. */
        metrics: {
          type: 'object',
          default: {},
          additionalProperties: {
            type: 'object',
            properties: {
              /** Each is an object of one member: the label, and `$variable` or a fixed text. */
              extra_labels: {
                type: 'array',
                default: [],
                items: {
                  type: 'object',
                  minProperties: 1,
                  maxProperties: 1,
                  patternProperties: { '^[a-zA-Z_][a-zA-Z0-9_]*$': { type: 'string', minLength: 1 } },
                  additionalProperties: false,
                },
              },
              /** Seconds after which a series in which nothing was counted is shown no more; 0: never. */
              expire: { type: 'number', minimum: 0, default: 0 },
            },
          },
        },
      },
    },
  },
  additionalProperties: { type: 'object' },
} as const

/** By plugin name; only prometheus's are known here, the others belong to their plugins. */
export type PluginAttrSettings = { readonly [plugin: string]: Readonly<JsonObject> } & {
  readonly prometheus: Static<typeof pluginAttrSchema>['prometheus']
}
