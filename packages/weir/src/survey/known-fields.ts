// Which members of plugin configurations are encrypted at rest (contract: admin-api.md §9.1).
import { knownPlugin } from '@weir/contract'
import type { AnyPlugin } from '@weir/plugin-api'

/** Where a configuration stands: identities of consumers have fields of their own. */
export type PluginPlace = 'plain' | 'consumer' | 'metadata'

/** Dotted paths; undefined for a plugin that neither APISIX nor this build knows. */
export type EncryptedFields = (plugin: string, place: PluginPlace) => readonly string[] | undefined

export function encryptedFieldsOf(plugins: readonly AnyPlugin[]): EncryptedFields {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]))
  return (name, place) => {
    const plugin = byName.get(name)
    const known = knownPlugin(name)
    if (place === 'metadata') return known?.metadataEncryptFields ?? (plugin && [])
    const hasIdentity = (plugin ?? known)?.consumerSchema !== undefined
    const isIdentity = place === 'consumer' && hasIdentity
    if (plugin) return (isIdentity ? plugin.consumerEncryptFields : plugin.encryptFields) ?? []
    return isIdentity ? known?.consumerEncryptFields : known?.encryptFields
  }
}
