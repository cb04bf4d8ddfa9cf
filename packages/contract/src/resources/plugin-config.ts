// Plugin config: plugins that several routes share (contract/admin-api.md §5.6).

import type { Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  pluginsSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { defineResource } from './define-resource.ts'

const pluginConfigSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: { type: 'string' },
    desc: descSchema,
    labels: labelsSchema,
    plugins: pluginsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  required: ['id', 'plugins'],
  additionalProperties: false,
} as const

export type PluginConfig = Static<typeof pluginConfigSchema>

export const pluginConfig = defineResource<typeof pluginConfigSchema, PluginConfig>({
  kind: 'plugin config',
  name: 'plugin_config',
  collection: 'plugin_configs',
  refuses: ['POST'],
  schema: pluginConfigSchema,
})
