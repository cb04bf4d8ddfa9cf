// Plugin folders: whole, listed, and described as they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { complaintsOfAttributes, schemaPaths } from './attributes.ts'

const files = ['schema.ts', 'plugin.ts', 'plugin.test.ts', 'README.md']

/** Folders that hold a plugin; others hold what several plugins share. */
export function pluginFolders(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => existsSync(join(directory, name, 'plugin.ts')))
    .toSorted()
}

export async function complaintsOfPlugin(directory: string, name: string): Promise<string[]> {
  const folder = join(directory, name)
  const missing = files.filter((file) => !existsSync(join(folder, file)))
  const complaints = missing.map((file) => `plugin ${name}: ${file} is missing`)
  const list = readFileSync(join(directory, 'index.ts'), 'utf8')
  if (!list.includes(`'./${name}/`)) complaints.push(`plugin ${name}: not listed in index.ts`)
  if (missing.includes('schema.ts') || missing.includes('README.md')) return complaints

  const existing = new Set<string>()
  for (const schema of await schemasOf(join(folder, 'schema.ts'))) schemaPaths(schema, '', existing)
  const wrong = complaintsOfAttributes(readFileSync(join(folder, 'README.md'), 'utf8'), existing)
  return [...complaints, ...wrong.map((complaint) => `plugin ${name}: README.md ${complaint}`)]
}

/** The JSON Schemas of whatever the module exports that has one: the plugin's, a consumer's, the metadata's. */
async function schemasOf(file: string): Promise<unknown[]> {
  const module: unknown = await import(pathToFileURL(file).href)
  if (typeof module !== 'object' || module === null) return []
  return Object.values(module).flatMap((value: unknown) =>
    typeof value === 'object' && value !== null && 'json' in value ? [value.json] : [],
  )
}
