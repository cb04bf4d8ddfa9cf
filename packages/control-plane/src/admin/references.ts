// What a document needs: other documents that must exist (contract: admin-api.md §4.5).
import type { StoreEntry } from '@weir/config-store'
import { isJsonObject, type JsonObject } from '@weir/contract'
import { refuse, type Reply } from '../http/reply.ts'
import { parseDocument } from '../view/document.ts'
import { idText } from './id-text.ts'

/** A document that must exist for another one to be stored. */
export interface Need {
  readonly key: string
  /** The refusal when it is not there, or not what is meant. */
  refusal(found: StoreEntry | undefined): Reply | undefined
  /** The refusal when the store cannot say. Absent: it is answered as any failure of the store. */
  unknown?(error: string): Reply
}

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

const clientCertificate: Reference = {
  directory: 'ssls',
  what: 'ssl info by ssl id',
  unfit: (ssl) => (ssl['type'] === 'client' ? undefined : 'wrong ssl type'),
}

/** What the references of a document need: those in `members`, and the client certificate of its upstream. */
export function referencesOf(document: JsonObject, members: readonly string[]): readonly Need[] {
  const needs: Need[] = []
  for (const member of members) {
    const reference = references[member]
    if (reference !== undefined && document[member] !== undefined)
      needs.push(needOf(reference, document[member]))
  }
  for (const upstream of [document, document['upstream']]) {
    const tls = isJsonObject(upstream) ? upstream['tls'] : undefined
    if (isJsonObject(tls) && tls['client_cert_id'] !== undefined)
      needs.push(needOf(clientCertificate, tls['client_cert_id']))
  }
  return needs
}

function needOf({ directory, what, unfit }: Reference, id: unknown): Need {
  const text = idText(id)
  const start = `failed to fetch ${what} [${text}]`
  return {
    key: `/${directory}/${text}`,
    refusal(found) {
      if (found === undefined) return refuse(400, `${start}, response code: 404`)
      const complaint = unfit?.(parseDocument(found.value) ?? {})
      return complaint === undefined ? undefined : refuse(400, `${start}, ${complaint}`)
    },
    unknown: (error) => refuse(400, `${start}: ${error}`),
  }
}
