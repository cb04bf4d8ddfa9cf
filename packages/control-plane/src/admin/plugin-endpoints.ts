// The plugins of this build and their schemas (contract: admin-api.md §6).
import { isJsonObject } from '@weir/contract'
import type { AnyPlugin, PluginSchema } from '@weir/plugin-api'
import { refuse, reply, type Reply } from '../http/reply.ts'
import type { Admin } from './admin.ts'
import type { PluginTable } from './plugin-table.ts'

/** `GET /plugins/list`: names by descending priority. No stream plugin runs here. */
export function listPlugins(query: URLSearchParams, { plugins }: Admin): Reply {
  const subsystem = query.get('subsystem') ?? 'http'
  if (subsystem === 'stream') return { status: 200, json: '[]' }
  if (subsystem !== 'http') return { status: 400, text: 'invalid subsystem passed' }
  return { status: 200, json: JSON.stringify(plugins.all.map(({ name }) => name)) }
}

/** `GET /plugins/{name}` and `GET /plugins?all=true` */
export function getPlugins(name: string | undefined, query: URLSearchParams, { plugins }: Admin): Reply {
  const subsystem = query.get('subsystem') ?? 'http'
  if (subsystem !== 'http' && subsystem !== 'stream')
    return refuse(400, `unsupported subsystem: ${subsystem}`)
  const known = subsystem === 'http' ? plugins.all : []
  if (query.get('all') === 'true') {
    return reply(200, Object.fromEntries(known.map((plugin) => [plugin.name, describe(plugin, plugins)])))
  }
  const plugin = known.find((one) => one.name === name)
  if (plugin === undefined) return refuse(404, `plugin not found in subsystem ${subsystem}`)
  const schema =
    query.get('schema_type') === 'consumer' ? consumerSchemaOf(plugin) : schemaOf(plugin, plugins)
  return schema === undefined ? refuse(400, 'not found schema') : reply(200, schema)
}

function describe(plugin: AnyPlugin, table: PluginTable): object {
  return {
    version: plugin.version ?? 0.1,
    priority: plugin.priority,
    schema: schemaOf(plugin, table),
    metadata_schema: plugin.metadataSchema?.json,
    consumer_schema: consumerSchemaOf(plugin),
    type: plugin.type,
  }
}

function schemaOf(plugin: AnyPlugin, table: PluginTable): object {
  return withSecrets(table.schemaOf(plugin), plugin.encryptFields)
}

function consumerSchemaOf(plugin: AnyPlugin): object | undefined {
  return plugin.consumerSchema && withSecrets(plugin.consumerSchema, plugin.consumerEncryptFields)
}

/** APISIX keeps the list of secret fields in the schema itself. */
function withSecrets({ json }: PluginSchema<unknown>, fields: readonly string[] | undefined): object {
  if (!isJsonObject(json) || fields === undefined || fields.length === 0) return json
  return { ...json, encrypt_fields: fields }
}
