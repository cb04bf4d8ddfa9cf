// The attribute tables of a plugin's README against its schemas.

/** Paths of attributes such as `limit`, `redis.host` and `instances[].name`. */
type Paths = ReadonlySet<string>

/** What the first column of a table names whose head begins with "attribute" or "name", in backquotes or not. */
function documentedPaths(markdown: string): Paths {
  const paths = new Set<string>()
  let inside = false
  let wasTable = false
  for (const line of markdown.split('\n')) {
    const cell = /^\|([^|]*)\|/.exec(line)?.[1]?.replaceAll('`', '').trim()
    if (cell !== undefined && !wasTable) inside = /^(attribute|name)s?$/i.test(cell)
    else if (cell && inside && !/^:?-+:?$/.test(cell)) {
      for (const name of cell.split(/,\s*/)) paths.add(name.replace(/\[\]$/, ''))
    }
    wasTable = cell !== undefined
  }
  return paths
}

/** Whether the text names an attribute anywhere outside its examples; `redis_cluster_*` names all that begin so. */
function names(markdown: string, attribute: string): boolean {
  const text = markdown.replace(/^```[^]*?^```.*$/gm, '')
  return [...text.matchAll(/[A-Za-z_][\w-]*\*?/g)].some(([word]) =>
    word.endsWith('*') ? attribute.startsWith(word.slice(0, -1)) : word === attribute,
  )
}

/** Every attribute of a JSON Schema at any depth, the members of `oneOf`, `anyOf` and `allOf` included. */
export function schemaPaths(schema: unknown, prefix = '', paths = new Set<string>()): Set<string> {
  if (!isObject(schema)) return paths
  const { properties, patternProperties, items } = schema
  for (const members of [properties, patternProperties]) {
    if (!isObject(members)) continue
    for (const [name, child] of Object.entries(members)) {
      // A pattern that is a plain word stands for a member of that name.
      if (members === patternProperties && !/^\w+$/.test(name)) continue
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

/** Every attribute of the top level is named; a table names nothing that does not exist. */
export function complaintsOfAttributes(markdown: string, existing: Paths): string[] {
  const complaints: string[] = []
  for (const path of existing) {
    if (!/[.[]/.test(path) && !names(markdown, path)) complaints.push(`does not describe ${path}`)
  }
  for (const path of documentedPaths(markdown)) {
    if (!existing.has(path)) complaints.push(`describes ${path}, which does not exist`)
  }
  return complaints
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
