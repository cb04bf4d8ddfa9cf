// The scenarios of the README as documents: scripts/seeds/*.json, with {{NAME}} where hosts and keys go.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AdminApi } from './admin-api.ts'

interface Put {
  readonly path: string
  readonly body: unknown
}

export interface Seed {
  readonly name: string
  readonly title: string
  readonly puts: readonly Put[]
}

export type SeedValues = Readonly<Record<string, string>>

const directory = join(import.meta.dirname, 'seeds')

export async function seedNames(): Promise<string[]> {
  const files = await readdir(directory)
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted()
}

export async function loadSeed(name: string, values: SeedValues): Promise<Seed> {
  return parseSeed(name, await readFile(join(directory, `${name}.json`), 'utf8'), values)
}

/** Throws when a value is missing or the document is not a seed. */
export function parseSeed(name: string, text: string, values: SeedValues): Seed {
  const filled = text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key]
    if (value === undefined) throw new Error(`seed ${name} needs a value for ${key}`)
    return JSON.stringify(value).slice(1, -1)
  })
  const document: unknown = JSON.parse(filled)
  if (!isSeed(document)) throw new Error(`seed ${name} must have a title and puts with path and body`)
  return { name, title: document.title, puts: document.puts }
}

export async function putSeed(admin: AdminApi, seed: Seed): Promise<void> {
  for (const { path, body } of seed.puts) await admin.put(path, body)
}

function isSeed(value: unknown): value is { title: string; puts: Put[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'title' in value &&
    typeof value.title === 'string' &&
    'puts' in value &&
    Array.isArray(value.puts) &&
    value.puts.every(
      (put: unknown) =>
        typeof put === 'object' &&
        put !== null &&
        'path' in put &&
        typeof put.path === 'string' &&
        'body' in put,
    )
  )
}
