// `_meta`: what every plugin configuration may carry besides the plugin's own members (contract/routing.md §6).

import { compileSchema } from '../compile.ts'
import type { Schema, Static } from '../define-schema.ts'

export const pluginMetaSchema = {
  type: 'object',
  properties: {
    disable: { type: 'boolean' },
    error_response: { oneOf: [{ type: 'string' }, { type: 'object' }] },
    priority: { type: 'integer' },
    filter: { type: 'array' },
    pre_function: { type: 'string' },
  },
  additionalProperties: false,
} as const

export type PluginMeta = Static<typeof pluginMetaSchema>

/** A plugin's schema as it is served and checked: with `_meta` among its members. */
export function withPluginMeta<T>(schema: Schema<T>): Schema<T> {
  const json = { ...schema.json, properties: { ...membersOf(schema.json), _meta: pluginMetaSchema } }
  return { json, ...compileSchema<T>(json, { references: true }) }
}

function membersOf(json: object): object {
  return 'properties' in json && typeof json.properties === 'object' ? { ...json.properties } : {}
}
