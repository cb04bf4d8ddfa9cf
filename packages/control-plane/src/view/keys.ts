// How documents are named in the store: `/routes/1`, `/consumers/jack/credentials/c1` (contract: etcd.md §1).

export interface DocumentName {
  /** `routes`, `consumers` ...; credentials are `credentials`, though they lie below their consumer. */
  readonly directory: string
  /** The tail of the key: `1`, `jack`, `c1`, `vault/1`. */
  readonly id: string
  /** The consumer of a credential. */
  readonly parent?: string
}

/** Undefined for keys that hold no document: `/plugins`, `/gen_id`, placeholders. */
export function nameOf(key: string): DocumentName | undefined {
  const [, directory = '', ...rest] = key.split('/')
  const id = rest.join('/')
  if (id === '' || key.endsWith('/')) return undefined
  if (directory === 'consumers' && rest.length > 1) {
    const [parent = '', credentials, ...tail] = rest
    if (credentials !== 'credentials' || tail.length === 0) return undefined
    return { directory: 'credentials', id: tail.join('/'), parent }
  }
  return { directory, id }
}
