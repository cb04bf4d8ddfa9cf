// Whether the documents that a document refers to exist (contract: admin-api.md §4.5).
import { StoreUnavailableError, type ConfigStore } from '@weir/config-store'
import type { JsonObject } from '@weir/contract'
import { idText } from './id-text.ts'

interface Reference {
  readonly directory: string
  /** What the message says: `upstream info by upstream id`. */
  readonly what: string
}

/** By member. */
const references: Readonly<Record<string, Reference>> = {
  upstream_id: { directory: 'upstreams', what: 'upstream info by upstream id' },
  service_id: { directory: 'services', what: 'service info by service id' },
  plugin_config_id: { directory: 'plugin_configs', what: 'plugin config info by plugin config id' },
  group_id: { directory: 'consumer_groups', what: 'consumer group info by consumer group id' },
}

/** The complaint about the first reference that leads nowhere. Asks the store itself, so it is never out of date. */
export async function checkReferences(
  document: JsonObject,
  members: readonly string[],
  store: ConfigStore,
): Promise<string | undefined> {
  for (const member of members) {
    const reference = references[member]
    const id = document[member]
    if (reference === undefined || id === undefined) continue
    const complaint = await checkReference(reference, idText(id), store)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

async function checkReference({ directory, what }: Reference, id: string, store: ConfigStore) {
  const start = `failed to fetch ${what} [${id}]`
  try {
    const { entry } = await store.get(`/${directory}/${id}`)
    return entry === undefined ? `${start}, response code: 404` : undefined
  } catch (error) {
    if (error instanceof StoreUnavailableError) return `${start}: ${error.message}`
    throw error
  }
}
