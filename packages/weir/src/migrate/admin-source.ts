// An Admin API as a source (contract: admin-api.md §3): what it shows, page by page.
import { type StoreEntry, StoreUnavailableError } from '@weir/config-store'
import { isJsonObject, type JsonObject } from '@weir/contract'
import type { Source } from '../survey/source.ts'
import { readSecretFile } from './secret-file.ts'

export interface AdminAddress {
  /** With or without `/apisix/admin`. */
  readonly url: string
  /** A file; undefined for an Admin API that asks for no key. */
  readonly keyFile: string | undefined
}

/** The largest that APISIX takes. */
const PAGE_SIZE = 500
const TIMEOUT_MS = 60_000

/** Credentials are listed consumer by consumer, so many at a time. */
const LISTS_AT_ONCE = 8

export async function openAdminSource({ url, keyFile }: AdminAddress): Promise<Source> {
  const api = new AdminApi(url, keyFile === undefined ? undefined : await readSecretFile(keyFile))
  return {
    description: `Admin API ${api.origin}`,
    withholdsKeys: true,
    count: () => api.count(),
    read: (directory) => api.documents(directory),
    has: async (key) => (await api.get(key)) !== undefined,
    pluginList: () => api.pluginList(),
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

class AdminApi {
  readonly origin: string
  readonly #base: string
  readonly #key: string | undefined

  constructor(url: string, key: string | undefined) {
    const { origin, pathname } = parseUrl(url)
    this.origin = origin
    this.#key = key
    this.#base = `${origin}${pathname.replace(/(?:\/apisix\/admin)?\/*$/, '')}/apisix/admin`
  }

  async count(): Promise<number> {
    let total = 0
    for (const directory of counted) {
      const answer = await this.get(`/${directory}?page=1&page_size=10`)
      total += typeof answer?.['total'] === 'number' ? answer['total'] : 0
    }
    return total
  }

  async *documents(directory: string): AsyncGenerator<readonly StoreEntry[]> {
    for await (const page of this.#pages(`/${directory}`)) {
      yield page
      if (directory === 'consumers') yield* this.#below(page, 'credentials')
      if (directory === 'services') yield* this.#below(page, 'graphql_cost_decorations')
    }
  }

  /** The names of the enabled plugins. Those for streams are not told. */
  async pluginList(): Promise<StoreEntry | undefined> {
    const names = await this.#ask('/plugins/list')
    if (!Array.isArray(names)) return undefined
    const value = JSON.stringify(names.map((name: unknown) => ({ name })))
    return { key: '/plugins', value, createRevision: 0, modRevision: 0 }
  }

  /** undefined when there is no such thing. */
  async get(path: string): Promise<JsonObject | undefined> {
    const answer = await this.#ask(path)
    return isJsonObject(answer) ? answer : undefined
  }

  async *#below(parents: readonly StoreEntry[], kind: string): AsyncGenerator<readonly StoreEntry[]> {
    for (let first = 0; first < parents.length; first += LISTS_AT_ONCE) {
      const some = parents.slice(first, first + LISTS_AT_ONCE)
      const lists = await Promise.all(some.map(({ key }) => this.#list(`${key}/${kind}`)))
      yield lists.flat()
    }
  }

  async #list(path: string): Promise<readonly StoreEntry[]> {
    const entries: StoreEntry[] = []
    for await (const page of this.#pages(path)) entries.push(...page)
    return entries
  }

  async *#pages(path: string): AsyncGenerator<readonly StoreEntry[]> {
    for (let page = 1; ; page++) {
      const answer = await this.get(`${path}?page=${page}&page_size=${PAGE_SIZE}`)
      // An empty list is `{}` (admin-api.md §3.3).
      const list = Array.isArray(answer?.['list']) ? answer['list'] : []
      yield list.filter((item) => isJsonObject(item)).map((item) => toEntry(path, item))
      if (list.length < PAGE_SIZE) return
    }
  }

  /** undefined for what does not exist. @throws StoreUnavailableError */
  async #ask(path: string): Promise<unknown> {
    const { status, text } = await this.#fetch(path)
    if (status === 404 || isStreamModeOff(status, path)) return undefined
    if (status === 401 || status === 403) throw new StoreUnavailableError(`it refuses the key (${status})`)
    if (status !== 200) throw new StoreUnavailableError(`it answered ${path} with status ${status}`)
    try {
      return JSON.parse(text)
    } catch {
      throw new StoreUnavailableError(`its answer to ${path} is not JSON`)
    }
  }

  async #fetch(path: string): Promise<{ status: number; text: string }> {
    try {
      const answer = await fetch(this.#base + path, {
        headers: this.#key === undefined ? {} : { 'X-API-KEY': this.#key },
        // The key is for this address only.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return { status: answer.status, text: await answer.text() }
    } catch (error) {
      const { cause } = error instanceof Error ? error : {}
      const reason = cause instanceof Error ? cause : error
      throw new StoreUnavailableError(reason instanceof Error ? reason.message : String(reason), {
        cause: error,
      })
    }
  }
}

/** APISIX answers 400 when it does not proxy streams. */
function isStreamModeOff(status: number, path: string): boolean {
  return status === 400 && path.startsWith('/stream_routes')
}

function parseUrl(url: string): URL {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new Error('--admin takes a URL: http://127.0.0.1:9180')
  return new URL(url)
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
