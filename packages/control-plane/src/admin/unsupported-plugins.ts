// Plugins that are enabled and that this build does not run: what is said about documents that name them
// (`weir.unsupported_plugins`).
import { isJsonObject, type JsonObject } from '@weir/contract'
import type { Reply } from '../http/reply.ts'
import type { PluginTable } from './plugin-table.ts'
import type { AdminResource } from './resource.ts'

/** The complaint about a plugin that may be named and is not run, where such documents are refused. */
export function refusalOf(name: string, config: object, table: PluginTable): string | undefined {
  if (table.acceptsUnsupported || !isUnsupported(name, config, table)) return undefined
  return `plugin [${name}] is not supported: this build of Weir does not run it (see weir.unsupported_plugins)`
}

/** The answer to a write, with a warning when the document names plugins that are not run. */
export function withWarning(
  answer: Reply,
  resource: AdminResource,
  document: JsonObject,
  table: PluginTable,
): Reply {
  const warning = warningAbout(unsupportedIn(resource, document, table))
  return warning === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'X-Weir-Warning': warning } }
}

/** The names of those that a document's requests would meet. */
export function unsupportedIn(
  { plugins: place, contract }: AdminResource,
  document: JsonObject,
  table: PluginTable,
): readonly string[] {
  if (contract.collection === 'plugin_metadata') {
    const name = String(document['id'])
    return isUnsupported(name, document, table) ? [name] : []
  }
  const { plugins } = document
  if (place === undefined || !isJsonObject(plugins)) return []
  return Object.entries(plugins).flatMap(([name, config]) =>
    isUnsupported(name, config, table) ? [name] : [],
  )
}

/** Names are those of plugins that `table` knows, so they are fit for a header. */
export function warningAbout(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const which = names.length === 1 ? 'plugin' : 'plugins'
  return `this build does not run ${which} ${names.join(', ')}: requests that meet ${names.length === 1 ? 'it' : 'them'} are answered 503`
}

/** A plugin that is switched off never runs anywhere. */
function isUnsupported(name: string, config: unknown, table: PluginTable): boolean {
  if (table.get(name) === undefined || table.standing(name) !== 'unsupported') return false
  const meta = isJsonObject(config) ? config['_meta'] : undefined
  return !(isJsonObject(meta) && meta['disable'] === true)
}
