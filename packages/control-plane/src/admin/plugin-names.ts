// The names of the enabled plugins in the store, which data planes of APISIX obey (contract: etcd.md §1).
import type { ConfigStore } from '@weir/config-store'
import { isJsonObject } from '@weir/contract'

const KEY = '/plugins'

/** What is enabled; the two lists are independent of each other. */
export interface PluginNames {
  readonly http: readonly string[]
  /** Of stream routes, which only data planes of APISIX serve. */
  readonly stream: readonly string[]
}

/**
 * Brings the list up to date if there is one and it differs. Without a configured list nothing is written: the plugins
 * that this build happens to have say nothing about those of other data planes.
 */
export async function updatePluginNames(store: ConfigStore, names: PluginNames | undefined): Promise<void> {
  if (names === undefined) return
  const { entry } = await store.get(KEY)
  if (entry === undefined || sameNames(entry.value, names)) return
  // Lost to another writer, its list counts: the last start decides.
  await store.compareAndSwap(KEY, entry.modRevision, JSON.stringify(listOf(names)))
}

export async function writePluginNames(store: ConfigStore, names: PluginNames): Promise<void> {
  await store.put(KEY, JSON.stringify(listOf(names)))
}

function listOf({ http, stream }: PluginNames): readonly object[] {
  return [...http.map((name) => ({ name })), ...stream.map((name) => ({ name, stream: true }))]
}

function sameNames(stored: string, names: PluginNames): boolean {
  try {
    const list: unknown = JSON.parse(stored)
    const wanted = listOf(names)
    if (!Array.isArray(list) || list.length !== wanted.length) return false
    const known = new Set(list.map(identityOf))
    return wanted.every((one) => known.has(identityOf(one)))
  } catch {
    return false
  }
}

function identityOf(one: unknown): string | undefined {
  return isJsonObject(one) ? JSON.stringify([one['name'], one['stream'] === true]) : undefined
}
