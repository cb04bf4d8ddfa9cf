// Whether the documents that a document refers to exist (contract: admin-api.md §4.5).
import { StoreUnavailableError, type ConfigStore } from '@weir/config-store'
import { isJsonObject, type JsonObject } from '@weir/contract'
import { parseDocument } from '../view/document.ts'
import { idText } from './id-text.ts'

interface Reference {
  readonly directory: string
  /** What the message says: `upstream info by upstream id`. */
  readonly what: string
  /** Why a document that exists cannot be what is meant. */
  readonly unfit?: (document: JsonObject) => string | undefined
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

/** The client certificate that an upstream names, in a document of its own or inside another. */
export function checkClientCertificate(
  document: JsonObject,
  store: ConfigStore,
): Promise<string | undefined> | undefined {
  for (const upstream of [document, document['upstream']]) {
    const tls = isJsonObject(upstream) ? upstream['tls'] : undefined
    if (!isJsonObject(tls) || tls['client_cert_id'] === undefined) continue
    return checkReference(clientCertificate, idText(tls['client_cert_id']), store)
  }
  return undefined
}

const clientCertificate: Reference = {
  directory: 'ssls',
  what: 'ssl info by ssl id',
  unfit: (ssl) => (ssl['type'] === 'client' ? undefined : 'wrong ssl type'),
}

async function checkReference({ directory, what, unfit }: Reference, id: string, store: ConfigStore) {
  const start = `failed to fetch ${what} [${id}]`
  try {
    const { entry } = await store.get(`/${directory}/${id}`)
    if (entry === undefined) return `${start}, response code: 404`
    const complaint = unfit?.(parseDocument(entry.value) ?? {})
    return complaint === undefined ? undefined : `${start}, ${complaint}`
  } catch (error) {
    if (error instanceof StoreUnavailableError) return `${start}: ${error.message}`
    throw error
  }
}
