// apisix.yaml or apisix.json as a source. The file is read as a whole, as its format wants it.
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { StoreEntry } from '@weir/config-store'
import { documentsOf, pluginListOf, readConfiguration, type StandaloneDocument } from '@weir/contract'
import type { Source } from './source.ts'

/** @throws Error with a sentence when the file cannot be used. */
export async function openFileSource(path: string): Promise<Source> {
  const format = extname(path) === '.json' ? 'json' : 'yaml'
  const read = readConfiguration(await readFile(path, 'utf8'), format, process.env)
  if (!read.ok) throw new Error(`${path}: ${read.error}`)
  return createConfigurationSource(path, read.value)
}

/** A configuration in one piece, as files have it and the API-driven standalone mode (admin-api.md §7). */
export function createConfigurationSource(description: string, configuration: unknown): Source {
  const list = pluginListOf(configuration)
  const entries = documentsOf(configuration).map(toEntry)
  const keys = new Set(entries.map(({ key }) => key))
  return {
    description,
    withholdsKeys: false,
    count: async () => entries.length,
    async *read(directory) {
      yield entries.filter(({ key }) => key.startsWith(`/${directory}/`))
    },
    has: async (key) => keys.has(key),
    pluginList: async () => list && toEntry(list),
    close: async () => undefined,
  }
}

function toEntry({ key, value }: StandaloneDocument): StoreEntry {
  return { key, value, createRevision: 0, modRevision: 0 }
}
