// The id of a document that is written: from the path, from the body, or new (contract: admin-api.md §4.1).
import type { JsonObject } from '@weir/contract'
import { idText } from './id-text.ts'
import type { AdminResource } from './resource.ts'

/** The id, or the complaint. The path's id becomes the document's, as a text. */
export function putId(
  { contract, idMember }: AdminResource,
  pathId: string | undefined,
  document: JsonObject,
): { readonly id: string } | { readonly complaint: string } {
  if (idMember === 'path') return { id: pathId ?? '' }
  const own = document[idMember]
  if (idMember === 'username') {
    // A missing or malformed username is the schema's to say.
    if (pathId !== undefined && typeof own === 'string' && own !== pathId)
      return { complaint: 'wrong username' }
    return { id: idText(own) }
  }
  if (pathId === undefined && isAbsent(own)) return { complaint: `missing ${contract.kind} id` }
  if (pathId === undefined) return { id: idText(own) }
  if (!isAbsent(own) && idText(own) !== pathId) return { complaint: `wrong ${contract.kind} id` }
  document[idMember] = pathId
  return { id: pathId }
}

/** A new document gets its id from the store, so there must be none. */
export function postComplaint(
  { contract }: AdminResource,
  pathId: string | undefined,
  document: JsonObject,
): string | undefined {
  if (pathId === undefined && isAbsent(document['id'])) return undefined
  return `wrong ${contract.kind} id, do not need it`
}

/** Lua's notion: `false` is as good as nothing. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === false
}
