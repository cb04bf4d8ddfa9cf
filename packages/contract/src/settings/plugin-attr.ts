// The section `plugin_attr` of config.yaml: what plugins need to know once per process (contract/etcd.md §9).

import type { JsonObject, Static } from '../schema/index.ts'
import { portSchema } from './sections.ts'

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
        refresh_interval: { type: 'integer', minimum: 1, default: 15 },
      },
    },
  },
  additionalProperties: { type: 'object' },
} as const

/** By plugin name; only prometheus's are known here, the others belong to their plugins. */
export type PluginAttrSettings = { readonly [plugin: string]: Readonly<JsonObject> } & {
  readonly prometheus: Static<typeof pluginAttrSchema>['prometheus']
}
