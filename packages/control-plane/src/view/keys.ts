// How documents are named in the store: `/routes/1`, `/consumers/jack/credentials/c1` (contract: etcd.md §1).

export interface DocumentName {
  /** `routes`, `consumers` ...; credentials are `credentials`, though they lie below their consumer. */
  readonly directory: string
  /** The tail of the key: `1`, `jack`, `c1`, `vault/1`. */
  readonly id: string
  /** The consumer of a credential, the service of a decoration. */
  readonly parent?: string
}

/** Undefined for keys that hold no document: `/plugins`, `/gen_id`, placeholders. */
export function nameOf(key: string): DocumentName | undefined {
  const [, directory = '', ...rest] = key.split('/')
  const id = rest.join('/')
  if (id === '' || key.endsWith('/')) return undefined
  const below = nested.get(directory)
  if (below === undefined || rest.length === 1) return { directory, id }
  const [parent = '', middle, ...tail] = rest
  return middle === below && tail.length > 0 ? { directory: below, id: tail.join('/'), parent } : undefined
}

/** What lies below a document of a directory, as a directory of its own. */
export const nested: ReadonlyMap<string, string> = new Map([
  ['consumers', 'credentials'],
  ['services', 'graphql_cost_decorations'],
])
