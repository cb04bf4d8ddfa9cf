// Whether somebody still refers to a document that is to be deleted (contract: admin-api.md §4.6).
import type { View } from '../view/view.ts'
import { referenceTerm, trafficSplitTerm, type ReferenceMember } from './terms.ts'

/** Answers the complaint, or undefined when nobody uses the document with this id. */
export type InUse = (id: string, view: View) => string | undefined

/** Directories that can hold a traffic-split rule, and what the message calls their documents. */
const splitters = [
  ['routes', 'route'],
  ['services', 'service'],
  ['plugin_configs', 'plugin_config'],
  ['consumers', 'consumer'],
  ['consumer_groups', 'consumer_group'],
  ['global_rules', 'global_rules'],
] as const

export const upstreamInUse: InUse = (id, view) => {
  for (const [directory, what] of splitters) {
    const splitter = holderIn(view, directory, trafficSplitTerm(id))
    if (splitter !== undefined) {
      return `can not delete this upstream, plugin in ${what} [${splitter}] is still using it now`
    }
    const holder = holderIn(view, directory, referenceTerm('upstream_id', id))
    if (holder !== undefined) return `can not delete this upstream, ${what} [${holder}] is still using it now`
  }
  return undefined
}

/** The usual case: one member of a few directories refers to it. */
export function usedThrough(
  member: ReferenceMember,
  subject: string,
  users: readonly (readonly [directory: string, what: string])[],
): InUse {
  return (id, view) => {
    for (const [directory, what] of users) {
      const holder = holderIn(view, directory, referenceTerm(member, id))
      if (holder !== undefined)
        return `can not delete this ${subject}, ${what} [${holder}] is still using it now`
    }
    return undefined
  }
}

function holderIn(view: View, directory: string, term: string): string | undefined {
  for (const name of view.holders(term)) if (name.directory === directory) return name.id
  return undefined
}
