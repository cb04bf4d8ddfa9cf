// Decorations of a service's GraphQL schema: each belongs to the service in its path (contract: admin-api.md §5.8).
import type { JsonObject } from '@weir/contract'
import type { DocumentName } from '../view/keys.ts'
import type { View } from '../view/view.ts'
import { idText } from './id-text.ts'
import { decorationTerm } from './terms.ts'

/** Writes the service into the document; answers the complaint when another one is named there. */
export function bindToService(document: JsonObject, { parent }: DocumentName): string | undefined {
  const own = document['service_id']
  if (own !== undefined && own !== false && idText(own) !== parent) {
    return 'wrong service_id, it is taken from the path'
  }
  document['service_id'] = parent
  return undefined
}

export function checkDecorationPatch(patch: JsonObject): string | undefined {
  const own = patch['service_id']
  return own === undefined || own === null || own === false ? undefined : 'service_id can not be patched'
}

/** One field is decorated once. */
export function checkFieldPath(
  { field_path: path }: JsonObject,
  { id, parent = '' }: DocumentName,
  view: View,
): string | undefined {
  for (const other of view.holders(decorationTerm(parent, path))) {
    if (other.id === id || other.parent !== parent) continue
    return `field_path ${idText(path)} is already decorated on this service by [${other.id}]`
  }
  return undefined
}
