// Ids for resources that are created without one.
import type { ConfigStore } from './store.ts'

const ID_DIGITS = 20

/** Spends one revision, so that no two control planes ever give the same id (contract: admin-api.md §4.1). */
export async function generateId(store: Pick<ConfigStore, 'put'>): Promise<string> {
  const { revision } = await store.put('/gen_id', '1')
  return String(revision).padStart(ID_DIGITS, '0')
}
