// What only one document may hold: identities of consumers, plugins of global rules. Best effort, from the view, as the
// contract has it (admin-api.md §5.4 and §10): two writers at the same moment may both pass.
import type { JsonObject } from '@weir/contract'
import type { View } from '../view/view.ts'
import { globalPluginTerm, identitiesOf, identityTerm } from './terms.ts'
import type { PluginTable } from './plugin-table.ts'

/** The document that is written: a consumer, or a credential of one. */
export interface Owner {
  readonly username: string
  readonly credentialId?: string
}

export function checkIdentities(
  plugins: JsonObject,
  owner: Owner,
  table: PluginTable,
  view: View,
): string | undefined {
  for (const { plugin, attribute, value } of identitiesOf(plugins, table)) {
    for (const { id, parent } of view.holders(identityTerm(plugin, value))) {
      const username = parent ?? id
      const credentialId = parent === undefined ? undefined : id
      if (isOwn(owner, username, credentialId)) continue
      const where =
        credentialId === undefined
          ? `consumer: ${id}`
          : `credential: ${credentialId} of consumer: ${username}`
      return `duplicate ${attribute} of plugin ${plugin} found with ${where}`
    }
  }
  return undefined
}

/** A consumer does not clash with itself or its own credentials, a credential only not with itself. */
function isOwn(owner: Owner, username: string, credentialId: string | undefined): boolean {
  if (owner.username !== username) return false
  return owner.credentialId === undefined || owner.credentialId === credentialId
}

export function checkGlobalPlugins(plugins: JsonObject, id: string, view: View): string | undefined {
  for (const plugin of Object.keys(plugins)) {
    for (const other of view.holders(globalPluginTerm(plugin))) {
      if (other.id !== id) return `plugin '${plugin}' already exists in global rule with id '${other.id}'`
    }
  }
  return undefined
}
