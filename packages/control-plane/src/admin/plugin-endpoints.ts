// The enabled plugins and their schemas, whether or not this build runs them (contract: admin-api.md §6).
import { servedConsumerSchema, servedPlugin, servedSchema, servedStreamPlugin } from '@weir/contract'
import { refuse, reply, type Reply } from '../http/reply.ts'
import type { Admin } from './admin.ts'
import type { PluginTable } from './plugin-table.ts'

/** `GET /plugins/list`: names by descending priority. */
export function listPlugins(query: URLSearchParams, { plugins }: Admin): Reply {
  const subsystem = query.get('subsystem') ?? 'http'
  if (subsystem !== 'http' && subsystem !== 'stream') return { status: 400, text: 'invalid subsystem passed' }
  return { status: 200, json: JSON.stringify(subsystem === 'http' ? plugins.names : plugins.streamNames) }
}

/** `GET /plugins/{name}` and `GET /plugins?all=true` */
export function getPlugins(name: string | undefined, query: URLSearchParams, { plugins }: Admin): Reply {
  const subsystem = query.get('subsystem') ?? 'http'
  if (subsystem !== 'http' && subsystem !== 'stream')
    return refuse(400, `unsupported subsystem: ${subsystem}`)
  if (query.get('all') === 'true') return reply(200, subsystem === 'http' ? all(plugins) : allStream(plugins))
  const forConsumers = query.get('schema_type') === 'consumer'
  const found =
    subsystem === 'http'
      ? schemaOf(name ?? '', forConsumers, plugins)
      : streamSchemaOf(name ?? '', forConsumers, plugins)
  if (found === undefined) return refuse(404, `plugin not found in subsystem ${subsystem}`)
  return found.schema === undefined ? refuse(400, 'not found schema') : reply(200, found.schema)
}

interface Found {
  readonly schema: object | undefined
}

function schemaOf(name: string, forConsumers: boolean, plugins: PluginTable): Found | undefined {
  const plugin = plugins.isEnabled(name) ? plugins.get(name) : undefined
  if (plugin === undefined) return undefined
  return { schema: forConsumers ? servedConsumerSchema(plugin) : servedSchema(plugin) }
}

function streamSchemaOf(name: string, forConsumers: boolean, plugins: PluginTable): Found | undefined {
  const plugin = plugins.streamNames.includes(name) ? servedStreamPlugin(name) : undefined
  return plugin && { schema: forConsumers ? undefined : plugin.schema }
}

function all({ all: plugins }: PluginTable): object {
  return Object.fromEntries(plugins.map((plugin) => [plugin.name, servedPlugin(plugin)]))
}

function allStream({ streamNames }: PluginTable): object {
  return Object.fromEntries(streamNames.map((name) => [name, servedStreamPlugin(name)]))
}
