// What is said about a whole configuration that names plugins which this build does not run, and that is taken all
// the same (`weir.unsupported_plugins.mode: accept`).
import { isJsonObject, type JsonObject } from '@weir/contract'
import { Turns } from '@weir/config-store/turns'
import type { Encryption } from '../admin/encryption.ts'
import { resources } from '../admin/resources.ts'
import { unsupportedIn, warningAbout } from '../admin/unsupported-plugins.ts'
import { kinds } from './validate.ts'

/** As headers of the answer. */
export async function warningsAbout(
  configuration: JsonObject,
  { plugins }: Encryption,
): Promise<Record<string, string>> {
  if (!plugins.acceptsUnsupported) return {}
  const names = new Set<string>()
  const turns = new Turns()
  for (const kind of kinds) {
    const resource = resources.get(kind)
    const items = configuration[kind]
    if (resource === undefined || !Array.isArray(items)) continue
    for (const item of items) {
      if (turns.isOver) await turns.next()
      if (!isJsonObject(item)) continue
      for (const name of unsupportedIn(resource, item, plugins)) names.add(name)
    }
  }
  const warning = warningAbout([...names])
  return warning === undefined ? {} : { 'X-Weir-Warning': warning }
}
