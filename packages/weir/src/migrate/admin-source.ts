// An Admin API as a source (contract: admin-api.md §3): what it shows, page by page, or all at once in the API-driven
// standalone mode (§7).
import type { StoreEntry } from '@weir/config-store'
import { isJsonObject, type JsonObject } from '@weir/contract'
import { createConfigurationSource } from '../survey/file-source.ts'
import { reaching } from '../survey/reaching.ts'
import type { Source } from '../survey/source.ts'
import { AdminApi } from './admin-api.ts'
import { readSecretFile } from './secret-file.ts'

export interface AdminAddress {
  readonly url: string
  /** A file; undefined for an Admin API that asks for no key. */
  readonly keyFile: string | undefined
}

/** The largest that APISIX takes, and the smallest. */
const PAGE_SIZE = 500
const PAGE_SIZE_MIN = 10

/** Credentials are listed consumer by consumer, so many at a time. */
const LISTS_AT_ONCE = 8

/** @throws Error with a sentence when there is no Admin API at the address, Unreachable when nobody answers. */
export async function openAdminSource({ url, keyFile }: AdminAddress): Promise<Source> {
  const api = new AdminApi(url, keyFile === undefined ? undefined : await readSecretFile(keyFile))
  const description = `Admin API ${api.origin}`
  return reaching(`cannot read ${description}`, async () => {
    if ((await api.get(`/routes?page=1&page_size=${PAGE_SIZE_MIN}`)) !== undefined) {
      return createPagedSource(api, description)
    }
    const configuration = await api.get('/configs')
    if (configuration === undefined) throw new Error(`there is no Admin API at ${api.origin}`)
    return createConfigurationSource(description, configuration)
  })
}

function createPagedSource(api: AdminApi, description: string): Source {
  return {
    description,
    withholdsKeys: true,
    count: () => count(api),
    read: (directory) => documents(api, directory),
    has: async (key) => (await api.get(key)) !== undefined,
    pluginList: () => pluginList(api),
    close: async () => undefined,
  }
}

/** Directories that can be counted in one question; credentials and decorations lie below others. */
const counted = [
  'routes',
  'services',
  'upstreams',
  'consumers',
  'consumer_groups',
  'plugin_configs',
  'global_rules',
  'plugin_metadata',
  'ssls',
  'protos',
  'secrets',
]

async function count(api: AdminApi): Promise<number> {
  let sum = 0
  for (const directory of counted) {
    const answer = await api.get(`/${directory}?page=1&page_size=${PAGE_SIZE_MIN}`)
    sum += typeof answer?.['total'] === 'number' ? answer['total'] : 0
  }
  return sum
}

async function* documents(api: AdminApi, directory: string): AsyncGenerator<readonly StoreEntry[]> {
  for await (const page of pages(api, `/${directory}`)) {
    yield page
    if (directory === 'consumers') yield* below(api, page, 'credentials')
    if (directory === 'services') yield* below(api, page, 'graphql_cost_decorations')
  }
}

async function* below(
  api: AdminApi,
  parents: readonly StoreEntry[],
  kind: string,
): AsyncGenerator<readonly StoreEntry[]> {
  for (let first = 0; first < parents.length; first += LISTS_AT_ONCE) {
    const some = parents.slice(first, first + LISTS_AT_ONCE)
    const lists = await Promise.all(some.map(({ key }) => list(api, `${key}/${kind}`)))
    yield lists.flat()
  }
}

async function list(api: AdminApi, path: string): Promise<readonly StoreEntry[]> {
  const entries: StoreEntry[] = []
  for await (const page of pages(api, path)) entries.push(...page)
  return entries
}

async function* pages(api: AdminApi, path: string): AsyncGenerator<readonly StoreEntry[]> {
  for (let page = 1; ; page++) {
    const answer = await api.get(`${path}?page=${page}&page_size=${PAGE_SIZE}`)
    // An empty page is `{}` (admin-api.md §3.3).
    const items = Array.isArray(answer?.['list']) ? answer['list'] : []
    yield items.filter((item) => isJsonObject(item)).map((item) => toEntry(path, item))
    if (items.length < PAGE_SIZE) return
  }
}

/** The answer's key carries the prefix of whatever store is behind it. */
function toEntry(path: string, { key, value, createdIndex, modifiedIndex }: JsonObject): StoreEntry {
  const written = String(key)
  const start = written.lastIndexOf(`${path}/`)
  return {
    key: start < 0 ? written : written.slice(start),
    value: JSON.stringify(value) ?? '',
    createRevision: Number(createdIndex) || 0,
    modRevision: Number(modifiedIndex) || 0,
  }
}

/** The names of the enabled plugins. Those for streams are not told. */
async function pluginList(api: AdminApi): Promise<StoreEntry | undefined> {
  const names = await api.ask('/plugins/list')
  if (!Array.isArray(names)) return undefined
  const value = JSON.stringify(names.map((name: unknown) => ({ name })))
  return { key: '/plugins', value, createRevision: 0, modRevision: 0 }
}
