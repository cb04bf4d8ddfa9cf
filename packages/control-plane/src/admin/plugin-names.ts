// The names of the enabled plugins in the store, which data planes of APISIX obey (contract: etcd.md §1).
import type { ConfigStore } from '@weir/config-store'
import { isJsonObject } from '@weir/contract'

const KEY = '/plugins'

/**
 * Brings the list up to date if there is one and it differs. Without a configured list nothing is written: the plugins
 * that this build happens to have say nothing about those of other data planes.
 */
export async function updatePluginNames(
  store: ConfigStore,
  names: readonly string[] | undefined,
): Promise<void> {
  if (names === undefined) return
  const { entry } = await store.get(KEY)
  if (entry === undefined || sameNames(entry.value, names)) return
  // Lost to another writer, its list counts: the last start decides.
  await store.compareAndSwap(KEY, entry.modRevision, listOf(names))
}

export async function writePluginNames(store: ConfigStore, names: readonly string[]): Promise<void> {
  await store.put(KEY, listOf(names))
}

function listOf(names: readonly string[]): string {
  return JSON.stringify(names.map((name) => ({ name })))
}

function sameNames(stored: string, names: readonly string[]): boolean {
  try {
    const list: unknown = JSON.parse(stored)
    if (!Array.isArray(list) || list.length !== names.length) return false
    const known = new Set(list.map((one) => (isJsonObject(one) ? one['name'] : undefined)))
    return names.every((name) => known.has(name))
  } catch {
    return false
  }
}
