// Plugin metadata: what is common to all uses of a plugin; checked by the plugin's own schema
// (contract/admin-api.md §5.8).

import { defineResource } from './define-resource.ts'

const pluginMetadataSchema = { type: 'object' } as const

export type PluginMetadata = { readonly [member: string]: unknown }

export const pluginMetadata = defineResource<typeof pluginMetadataSchema, PluginMetadata>({
  kind: 'plugin_metadata',
  name: 'plugin_metadata',
  collection: 'plugin_metadata',
  refuses: ['POST', 'PATCH'],
  hasTimestamps: false,
  schema: pluginMetadataSchema,
})
