// DELETE (contract: admin-api.md §4.6).
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
  if (resource.below !== undefined) await removeBelow(key, resource.below, id, admin)
  if (!(await admin.store.delete(key))) return keyNotFound
  admin.view.deleted(key)
  return reply(200, { deleted: '1', key: admin.store.prefix + key })
}

/** What lies below goes first: left behind by a failure in between, it would come back with the next of this name. */
async function removeBelow(key: string, below: string, id: string, { store, view }: Admin): Promise<void> {
  const documents = view.directory(below, id).byKey()
  await store.deletePrefix(`${key}/${below}/`)
  for (const document of documents) view.deleted(document.key)
}
