// Checks the plugins of a document (contract: admin-api.md §4.7).
import {
  compileExpr,
  isJsonObject,
  type JsonObject,
  type PluginPlace,
  wordSchemaComplaint,
} from '@weir/contract'
import type { NamedPlugin, PluginTable } from './plugin-table.ts'
import { refusalOf } from './unsupported-plugins.ts'

/** The complaint about the first plugin that is not right, or undefined. */
export function checkPlugins(
  plugins: JsonObject,
  place: PluginPlace,
  table: PluginTable,
): string | undefined {
  for (const [name, config] of Object.entries(plugins)) {
    const complaint = checkPlugin(name, config, place, table)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

function checkPlugin(
  name: string,
  config: unknown,
  place: PluginPlace,
  table: PluginTable,
): string | undefined {
  if (typeof config !== 'object' || config === null) {
    return `invalid plugin conf ${JSON.stringify(config)} for plugin [${name}]`
  }
  const plugin = table.get(name)
  if (plugin === undefined) return `unknown plugin [${name}]`
  const meta = isJsonObject(config) && isJsonObject(config['_meta']) ? config['_meta'] : {}
  const complaint = complaintOf(plugin, config, place, table)
  // A disabled plugin never runs, so what is wrong with it harms nobody.
  if (complaint !== undefined && meta['disable'] !== true) {
    return `failed to check the configuration of plugin ${name} err: ${complaint}`
  }
  return checkFilter(meta) ?? checkPreFunction(name, meta) ?? refusalOf(name, config, table)
}

function complaintOf(
  plugin: NamedPlugin,
  config: object,
  place: PluginPlace,
  table: PluginTable,
): string | undefined {
  const schema = table.schemaAt(plugin, place)
  const parsed = schema.parse(config)
  if (!parsed.ok) return wordSchemaComplaint(plugin.name, config, parsed.error)
  if (!isJsonObject(parsed.value)) return undefined
  if (schema === plugin.consumerSchema) return plugin.checkConsumer?.(parsed.value)
  const { _meta, ...own } = parsed.value
  return plugin.check?.(own)
}

function checkFilter({ filter }: JsonObject): string | undefined {
  if (filter === undefined) return undefined
  const compiled = compileExpr(filter)
  return compiled.ok ? undefined : `failed to validate the 'vars' expression: ${compiled.error}`
}

/** Lua is not run here, so it is refused rather than silently never run. */
function checkPreFunction(name: string, meta: JsonObject): string | undefined {
  if (meta['pre_function'] === undefined) return undefined
  return `failed to load _meta.pre_function in plugin ${name}: Weir does not run Lua`
}
