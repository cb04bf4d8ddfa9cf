// What a request's path names: a resource, perhaps one document of it, perhaps a part of that.
import { nested } from '../view/keys.ts'

/** The parts of a decoded path; empty ones do not count. */
export function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '')
}

export interface Target {
  /** `routes`, `credentials` ... as in the table of resources; undefined for the bare prefix. */
  readonly resource: string | undefined
  readonly id: string | undefined
  /** The consumer of a credential, the service of a decoration. */
  readonly parent: string | undefined
  /** What follows the id. */
  readonly rest: readonly string[]
}

/** @param segments after the prefix: `['routes', '1', 'upstream', 'nodes']` */
export function targetOf(segments: readonly string[]): Target {
  const [resource, id, third, ...rest] = segments
  if (resource !== undefined && third !== undefined && third === nested.get(resource)) {
    // What follows is no part of the document: these have no sub-paths.
    return { resource: third, id: rest[0], parent: id, rest: [] }
  }
  if (resource === 'secrets') {
    const named = id !== undefined && third !== undefined
    return { resource, id: named ? `${id}/${third}` : undefined, parent: undefined, rest }
  }
  // `/schema/plugins/x` is another name of `/plugins/x` (contract: admin-api.md §2).
  if (resource === 'schema' && id === 'plugins') return targetOf(segments.slice(1))
  return { resource, id, parent: undefined, rest: third === undefined ? [] : [third, ...rest] }
}
