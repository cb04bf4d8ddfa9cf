// Which document a key of the store names (etcd.md §1).

/** Kinds that a data plane reads. Everything else below the prefix is ignored (etcd.md §10). */
export type Kind =
  | 'routes'
  | 'services'
  | 'upstreams'
  | 'consumers'
  | 'credentials'
  | 'consumer_groups'
  | 'plugin_configs'
  | 'global_rules'
  | 'plugin_metadata'
  | 'ssls'

export const allKinds: readonly Kind[] = [
  'plugin_metadata',
  'ssls',
  'upstreams',
  'services',
  'plugin_configs',
  'consumer_groups',
  'consumers',
  'credentials',
  'global_rules',
  'routes',
]

const directories: ReadonlySet<string> = new Set(allKinds.filter((kind) => kind !== 'credentials'))

export interface DocumentName {
  readonly kind: Kind
  /** The key's tail, which is the document's id whatever its text says; for a credential `<username>/credentials/<id>`. */
  readonly id: string
}

/** undefined for placeholders, for kinds that are not read here, and for keys of no known form. */
export function parseKey(key: string): DocumentName | undefined {
  const slash = key.indexOf('/', 1)
  const directory = key.slice(1, slash)
  const id = key.slice(slash + 1)
  if (slash < 0 || id === '' || !isKind(directory)) return undefined
  if (!id.includes('/')) return { kind: directory, id }
  if (directory === 'consumers' && /^[^/]+\/credentials\/[^/]+$/.test(id)) return { kind: 'credentials', id }
  return undefined
}

function isKind(text: string): text is Kind {
  return directories.has(text)
}
