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
  const { below } = resource
  if (below?.goesFirst === true) await removeBelow(key, below.collection, id, admin)
  if (!(await admin.store.delete(key))) return keyNotFound
  admin.view.deleted(key)
  await removeLeftovers(resource, key, id, admin)
  return reply(200, { deleted: '1', key: admin.store.prefix + key })
}

/**
 * Removes what lies below a document that is gone, or new: a new one does not inherit what its namesake left behind.
 * The answer does not depend on it, as the document itself is written.
 */
export async function removeLeftovers(
  { below }: AdminResource,
  key: string,
  id: string,
  admin: Admin,
): Promise<void> {
  if (below === undefined || below.goesFirst || admin.view.directory(below.collection, id).isEmpty) return
  try {
    await removeBelow(key, below.collection, id, admin)
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    admin.log.error('what lies below a document cannot be removed', { key, error: error.message })
  }
}

async function removeBelow(key: string, below: string, id: string, { store, view }: Admin): Promise<void> {
  const documents = view.directory(below, id).byKey()
  await store.deletePrefix(`${key}/${below}/`)
  for (const document of documents) view.deleted(document.key)
}
