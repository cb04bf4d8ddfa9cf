// What a data plane makes of one document of a store, for those who want to know before a request comes.
import type { StoreEntry } from '@weir/config-store'
import { checkDocument, type CheckedDocument } from './document.ts'
import { type Kind, parseKey } from './keys.ts'
import type { ParseServices } from './parse-plugins.ts'

export type { CheckedDocument }

export interface DocumentCheck {
  readonly kind: Kind
  /** The key's tail; for a credential `<username>/credentials/<id>`. */
  readonly id: string
  /** The document with its defaults, or why it cannot be used, in APISIX's words. */
  readonly checked: CheckedDocument | string
  /** What is no fault of the document, but will not work as it stands: references that cannot be resolved now. */
  readonly warnings: readonly string[]
  /** Keys of documents without which requests fail. */
  readonly references: readonly string[]
}

/** undefined for keys that no data plane reads. */
export function checkEntry(
  entry: StoreEntry,
  services: Omit<ParseServices, 'warn'>,
): DocumentCheck | undefined {
  const name = parseKey(entry.key)
  if (!name) return undefined
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const checked = checkDocument(name.kind, name.id, entry, { ...services, warn })
  const references = typeof checked === 'string' ? [] : referencesOf(entry.key, checked)
  return { ...name, checked, warnings, references }
}

type Reference = readonly [kind: Kind, id: string | number | undefined]

function referencesOf(key: string, document: CheckedDocument): readonly string[] {
  return memberReferences(key, document).flatMap(([kind, id]) => (id === undefined ? [] : `/${kind}/${id}`))
}

function memberReferences(key: string, document: CheckedDocument): readonly Reference[] {
  switch (document.kind) {
    case 'routes': {
      const { service_id, upstream_id, plugin_config_id } = document.value
      return [
        ['ssls', document.value.upstream?.tls?.client_cert_id],
        ['services', service_id],
        ['upstreams', upstream_id],
        ['plugin_configs', plugin_config_id],
      ]
    }
    case 'services':
      return [
        ['upstreams', document.value.upstream_id],
        ['ssls', document.value.upstream?.tls?.client_cert_id],
      ]
    case 'upstreams':
      return [['ssls', document.value.tls?.client_cert_id]]
    case 'consumers':
      return [['consumer_groups', document.value.group_id]]
    case 'credentials':
      return [['consumers', key.split('/')[2]]]
    case 'ssls':
    case 'plugin_configs':
    case 'consumer_groups':
    case 'global_rules':
    case 'plugin_metadata':
      return []
  }
}
