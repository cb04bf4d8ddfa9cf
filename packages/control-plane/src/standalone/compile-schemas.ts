// Compiles the schemas that a configuration needs, one after the other: each takes up to 30 ms when it is first used.
import { isJsonObject, type JsonObject, type PluginPlace } from '@weir/contract'
import { Turns } from '@weir/config-store/turns'
import type { PluginTable } from '../admin/plugin-table.ts'
import { resources } from '../admin/resources.ts'
import { kinds } from './validate.ts'

export async function compileSchemas(configuration: JsonObject, table: PluginTable): Promise<void> {
  const turns = new Turns()
  for (const kind of kinds) {
    const resource = resources.get(kind)
    const items = configuration[kind]
    if (resource === undefined || !Array.isArray(items) || items.length === 0) continue
    // A good item needs only the schema that decides, and not the one that finds words.
    resource.contract.check(items[0])
    if (turns.isOver) await turns.next()
    const names = new Set<string>()
    for (const item of items) {
      if (turns.isOver) await turns.next()
      if (!isJsonObject(item) || !isJsonObject(item['plugins'])) continue
      for (const name of Object.keys(item['plugins'])) names.add(name)
    }
    if (resource.plugins !== undefined) await compileAll(names, resource.plugins, table, turns)
  }
}

async function compileAll(
  names: Iterable<string>,
  place: PluginPlace,
  table: PluginTable,
  turns: Turns,
): Promise<void> {
  for (const name of names) {
    const plugin = table.get(name)
    if (plugin === undefined) continue
    table.schemaAt(plugin, place).check({})
    if (turns.isOver) await turns.next()
  }
}
