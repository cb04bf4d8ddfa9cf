// Compiles the schemas that documents need one after the other: each takes up to 30 ms when it is first used.
import type { Turns } from '@weir/config-store/turns'
import { isJsonObject } from '@weir/contract'
import type { PluginTable } from './plugin-table.ts'
import type { AdminResource } from './resource.ts'

const compiled = new WeakSet<object>()

/** After it, checking the document compiles nothing. */
export async function compileSchemas(
  { contract, plugins: place }: AdminResource,
  document: unknown,
  table: PluginTable,
  turns: Turns,
): Promise<void> {
  if (!compiled.has(contract)) {
    // A good document needs only the schema that decides, and not the one that finds words.
    contract.check(document)
    compiled.add(contract)
    await turns.next()
  }
  const plugins = isJsonObject(document) ? document['plugins'] : undefined
  if (place === undefined || !isJsonObject(plugins)) return
  for (const name of Object.keys(plugins)) {
    const plugin = table.get(name)
    const schema = plugin && table.schemaAt(plugin, place)
    if (schema === undefined || compiled.has(schema)) continue
    schema.check({})
    compiled.add(schema)
    await turns.next()
  }
}
