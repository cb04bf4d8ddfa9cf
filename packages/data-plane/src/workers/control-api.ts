// What this data plane believes now (etcd.md §8).
import type { StoreEntry } from '@weir/config-store'
import { type JsonObject, isJsonObject, type Resource, route, service, upstream } from '@weir/contract'
import type { CheckerListing } from '@weir/upstream'
import { json, type LocalAnswer, type LocalRequest, notFoundPage } from '../server/index.ts'
import type { Feed } from './feed.ts'
import type { Applied } from './serving.ts'

export interface ControlApiSources {
  readonly prefix: string
  readonly feed: Feed
  readonly applied: () => readonly Applied[]
  readonly checkers: () => readonly CheckerListing[]
  readonly collectGarbage: () => void
  /** Begins to read the list of plugins again. */
  readonly reload: () => void
  readonly store: () => { readonly reachable: boolean; readonly lastError?: string }
}

type Handler = (sources: ControlApiSources, argument: string, request: LocalRequest) => LocalAnswer

/** By path; what ends in a slash takes the rest of the path as its argument. */
const calls: Readonly<Record<string, { readonly method: string; readonly handle: Handler }>> = {
  '/v1/routes': get((sources) => list(sources, route)),
  '/v1/services': get((sources) => list(sources, service)),
  '/v1/upstreams': get((sources) => list(sources, upstream)),
  '/v1/route/': get((sources, id) => one(sources, route, id)),
  '/v1/service/': get((sources, id) => one(sources, service, id)),
  '/v1/upstream/': get((sources, id) => one(sources, upstream, id)),
  '/v1/plugin_metadatas': get((sources) => json(200, entriesOf(sources, 'plugin_metadata').map(metadataOf))),
  '/v1/plugin_metadata/': get(metadata),
  '/v1/healthcheck': get(healthchecks),
  '/v1/healthcheck/': get(healthcheck),
  '/v1/config': get(config),
  '/v1/gc': { method: 'POST', handle: collect },
  '/v1/plugins/reload': { method: 'PUT', handle: reloadPlugins },
}

export function answerControl(sources: ControlApiSources, request: LocalRequest): LocalAnswer {
  const { path, method } = request
  const exact = calls[path]
  const cut = path.indexOf('/', '/v1/'.length) + 1
  const call = exact ?? (cut > 0 ? calls[path.slice(0, cut)] : undefined)
  if (call?.method !== method) return notFoundPage
  return call.handle(sources, exact ? '' : path.slice(cut), request)
}

function get(handle: Handler): { readonly method: string; readonly handle: Handler } {
  return { method: 'GET', handle }
}

function list(sources: ControlApiSources, resource: Resource<unknown>): LocalAnswer {
  return json(
    200,
    entriesOf(sources, resource.collection).map((entry) => item(sources, resource, entry)),
  )
}

function one(sources: ControlApiSources, resource: Resource<unknown>, id: string): LocalAnswer {
  const entry = sources.feed.get(`/${resource.collection}/${id}`)
  if (!entry) return json(404, { error_msg: `${resource.kind}[${id}] not found` })
  return json(200, item(sources, resource, entry))
}

function entriesOf({ feed }: ControlApiSources, collection: string): readonly StoreEntry[] {
  const prefix = `/${collection}/`
  return feed.entries.filter(({ key }) => key.startsWith(prefix) && key.length > prefix.length)
}

/** Defaults filled in, secrets left as the store has them. */
function item({ prefix }: ControlApiSources, resource: Resource<unknown>, entry: StoreEntry): object {
  const id = entry.key.slice(entry.key.lastIndexOf('/') + 1)
  const document = { ...valueOf(entry), id }
  const parsed = resource.parse(document)
  return {
    key: prefix + entry.key,
    value: parsed.ok ? parsed.value : document,
    createdIndex: entry.createRevision,
    modifiedIndex: entry.modRevision,
  }
}

function metadata({ feed }: ControlApiSources, name: string): LocalAnswer {
  const entry = feed.get(`/plugin_metadata/${name}`)
  return entry ? json(200, metadataOf(entry)) : json(404, { error_msg: `plugin metadata[${name}] not found` })
}

function metadataOf(entry: StoreEntry): JsonObject {
  return { ...valueOf(entry), id: entry.key.slice(entry.key.lastIndexOf('/') + 1) }
}

function valueOf({ value }: StoreEntry): JsonObject {
  try {
    const parsed: unknown = JSON.parse(value)
    return isJsonObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/** How far each worker has come, and what it could not use. */
function config({ feed, applied, store }: ControlApiSources): LocalAnswer {
  const workers = applied()
  return json(200, {
    revision: feed.revision,
    store: store(),
    workers: workers.map(({ revision }, id) => ({ id, revision })),
    rejected:
      workers[0]?.rejected.map(({ inForce, ...rejection }) => ({ ...rejection, in_force: inForce })) ?? [],
  })
}

function healthchecks({ checkers }: ControlApiSources): LocalAnswer {
  return json(200, orEmptyObject(checkers().map(listing)))
}

const checkedKinds = new Set(['routes', 'services', 'upstreams', 'stream_routes'])

function healthcheck({ checkers, feed, prefix }: ControlApiSources, argument: string): LocalAnswer {
  const [type = '', ...rest] = argument.split('/')
  const id = rest.join('/')
  if (!checkedKinds.has(type)) return json(400, { error_msg: `invalid src type ${type}` })
  if (id === '') return json(404, { error_msg: `missing src id for src type ${type}` })
  if (!feed.get(`/${type}/${id}`)) return json(404, { error_msg: `${type}[${id}] not found` })
  const checker = checkers().find(({ name }) => name === `upstream#${prefix}/${type}/${id}`)
  return checker ? json(200, listing(checker)) : json(404, { error_msg: `no checker for ${type}[${id}]` })
}

function listing({ name, type, nodes, ...rest }: CheckerListing): object {
  return { name: name.replace(/^upstream#/, ''), type, nodes: orEmptyObject(nodes), ...rest }
}

/** An empty list prints as an empty object, as Lua cannot tell them apart (etcd.md §8). */
function orEmptyObject(items: readonly unknown[]): object {
  return items.length === 0 ? {} : items
}

function collect({ collectGarbage }: ControlApiSources): LocalAnswer {
  collectGarbage()
  return plain('')
}

function reloadPlugins({ reload }: ControlApiSources): LocalAnswer {
  reload()
  return plain('done')
}

function plain(body: string): LocalAnswer {
  return { status: 200, contentType: 'text/plain; charset=utf-8', body }
}
