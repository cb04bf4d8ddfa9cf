// DELETE (contract: admin-api.md §4.6).
import { StoreUnavailableError } from '@weir/config-store'
import { keyNotFound, refuse, reply, type Reply } from '../http/reply.ts'
import type { Admin } from './admin.ts'
import type { Target } from './path.ts'
import { keyOf, type AdminResource } from './resource.ts'

export async function remove(
  resource: AdminResource,
  target: Target,
  query: URLSearchParams,
  admin: Admin,
): Promise<Reply> {
  const { id, parent } = target
  if (id === undefined) return refuse(400, `missing ${resource.contract.kind} id`)
  if (resource.inUse !== undefined && query.get('force') !== 'true') {
    await admin.view.caughtUp()
    const complaint = resource.inUse(id, admin.view)
    if (complaint !== undefined) return refuse(400, complaint)
  }
  const key = keyOf(resource, id, parent)
  if (!(await removeAll(resource, key, id, admin))) return keyNotFound
  return reply(200, { deleted: '1', key: admin.store.prefix + key })
}

/** What lies below a document goes with it, in one step: nobody can come in with what was left behind. */
async function removeAll(
  { below }: AdminResource,
  key: string,
  id: string,
  { store, view }: Admin,
): Promise<boolean> {
  if (below === undefined) {
    const existed = await store.delete(key)
    if (existed) view.deleted(key)
    return existed
  }
  const documents = view.directory(below.collection, id).byKey()
  const existed = await store.deleteWith(key, `${key}/${below.collection}/`)
  for (const document of documents) view.deleted(document.key)
  if (existed) view.deleted(key)
  return existed
}

/**
 * A new document does not inherit what its namesake left behind, as others may delete without a cascade. The answer
 * does not depend on it, as the document itself is written.
 */
export async function removeLeftovers(
  { below }: AdminResource,
  key: string,
  id: string,
  { store, view, log }: Admin,
): Promise<void> {
  if (below?.startsEmpty !== true) return
  const documents = view.directory(below.collection, id).byKey()
  if (documents.length === 0) return
  try {
    await store.deletePrefix(`${key}/${below.collection}/`)
    for (const document of documents) view.deleted(document.key)
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    log.error('what lies below a document cannot be removed', { key, error: error.message })
  }
}
