// The id of a document that is made without one (contract: admin-api.md §4.1).
import type { Admin } from './admin.ts'
import { keyOf, type AdminResource } from './resource.ts'

/** Of 20 digits, 10 are the time in seconds. */
const REVISION_DIGITS = 10

/**
 * The store's revision, unless a document has that id already: one that was copied from a store whose revisions had
 * come further. Then the time is put before the revision, as a number that no store's revision comes to.
 */
export async function newId(
  resource: AdminResource,
  parent: string | undefined,
  { store, view, now }: Pick<Admin, 'store' | 'view' | 'now'>,
): Promise<string> {
  const id = await store.allocateId()
  if (view.find(keyOf(resource, id, parent)) === undefined) return id
  return `${now()}${id.slice(-REVISION_DIGITS)}`
}
