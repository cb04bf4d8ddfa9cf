// The attribute tables of a plugin's README against its schemas.

/** Paths of attributes such as `limit`, `redis.host` and `instances[].name`. */
export type Paths = ReadonlySet<string>

/** What the tables under a heading with "attributes" in it name: the first cell, in backquotes. */
export function documentedPaths(markdown: string): Paths {
  const paths = new Set<string>()
  let inside = false
  for (const line of markdown.split('\n')) {
    const heading = /^#+\s+(.*)/.exec(line)?.[1]
    if (heading !== undefined) inside = /attributes/i.test(heading)
    const cell = inside ? /^\|([^|]*)\|/.exec(line)?.[1] : undefined
    for (const [, path = ''] of (cell ?? '').matchAll(/`([^`]+)`/g)) paths.add(path)
  }
  return paths
}

/** Every attribute of a JSON Schema at any depth, the members of `oneOf`, `anyOf` and `allOf` included. */
export function schemaPaths(schema: unknown, prefix = '', paths = new Set<string>()): Set<string> {
  if (!isObject(schema)) return paths
  const { properties, items } = schema
  if (isObject(properties)) {
    for (const [name, child] of Object.entries(properties)) {
      // Every plugin has it; the configuration reference describes it once.
      if (prefix === '' && name === '_meta') continue
      paths.add(prefix + name)
      schemaPaths(child, `${prefix}${name}.`, paths)
    }
  }
  if (isObject(items)) schemaPaths(items, prefix.replace(/\.$/, '[].'), paths)
  for (const branch of ['oneOf', 'anyOf', 'allOf', 'then', 'else'].flatMap((key) => schema[key] ?? [])) {
    schemaPaths(branch, prefix, paths)
  }
  return paths
}

/**
 * All attributes of the top level are described; the inside of an object whole or not at all; and nothing that does
 * not exist.
 */
export function complaintsOfAttributes(documented: Paths, existing: Paths): string[] {
  const described = new Set([...documented].map(parentOf)).add('')
  const complaints: string[] = []
  for (const path of existing) {
    if (!documented.has(path) && described.has(parentOf(path))) complaints.push(`does not describe ${path}`)
  }
  for (const path of documented)
    if (!existing.has(path)) complaints.push(`describes ${path}, which does not exist`)
  return complaints
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
