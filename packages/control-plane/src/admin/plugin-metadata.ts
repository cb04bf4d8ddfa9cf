// Plugin metadata: what all uses of a plugin share, by the plugin's own rules (contract: admin-api.md §5.8).
import type { JsonObject } from '@weir/contract'
import type { DocumentName } from '../view/keys.ts'
import type { PluginTable } from './plugin-table.ts'
import { refusalOf } from './unsupported-plugins.ts'

export function checkMetadata(
  document: JsonObject,
  { id }: DocumentName,
  { plugins }: { plugins: PluginTable },
): string | undefined {
  if (id === '') return 'missing plugin name'
  const plugin = plugins.get(id)
  if (plugin === undefined) return 'invalid plugin name'
  // A plugin without a schema for it accepts anything.
  const complaint = plugin.metadataSchema?.check(document)
  return complaint === undefined ? refusalOf(id, document, plugins) : `invalid configuration: ${complaint}`
}
