// The documents as this data plane holds them: defaults filled in, secrets left as the store has them.
import type { StoreEntry } from '@weir/config-store'
import {
  isJsonObject,
  type JsonObject,
  knownPlugin,
  normalizeNodes,
  type Resource,
  type Schema,
  type Upstream,
} from '@weir/contract'
import { json, type LocalAnswer } from '../../server/index.ts'
import type { ControlApiSources, Handler } from './sources.ts'

export function listOf(resource: Resource<unknown>): Handler {
  return (sources) =>
    json(
      200,
      entriesOf(sources, resource.collection).map((entry) => item(sources, resource, entry)),
    )
}

export function oneOf(resource: Resource<unknown>): Handler {
  return (sources, id) => {
    const entry = sources.feed.get(`/${resource.collection}/${id}`)
    if (!entry) return json(404, { error_msg: `${resource.kind}[${id}] not found` })
    return json(200, item(sources, resource, entry))
  }
}

export function listMetadata(sources: ControlApiSources): LocalAnswer {
  return json(200, entriesOf(sources, 'plugin_metadata').map(metadataOf))
}

export function oneMetadata({ feed }: ControlApiSources, name: string): LocalAnswer {
  const entry = feed.get(`/plugin_metadata/${name}`)
  return entry ? json(200, metadataOf(entry)) : json(404, { error_msg: `plugin metadata[${name}] not found` })
}

/** Placeholders of directories are no documents. */
function entriesOf({ feed }: ControlApiSources, collection: string): readonly StoreEntry[] {
  const prefix = `/${collection}/`
  return feed.entries.filter(({ key }) => key.startsWith(prefix) && key.length > prefix.length)
}

function item({ prefix }: ControlApiSources, resource: Resource<unknown>, entry: StoreEntry): object {
  const document = { ...valueOf(entry), id: idOf(entry) }
  const parsed = resource.parse(document)
  const value = parsed.ok && isJsonObject(parsed.value) ? parsed.value : document
  return {
    key: prefix + entry.key,
    value: resource.collection === 'upstreams' ? withNodes(value) : withPlugins(withOwnUpstream(value)),
    createdIndex: entry.createRevision,
    modifiedIndex: entry.modRevision,
  }
}

function withOwnUpstream(document: JsonObject): JsonObject {
  const { upstream } = document
  return isJsonObject(upstream) ? { ...document, upstream: withNodes(upstream) } : document
}

/** Nodes in their written form of addresses and weights are shown as a list, as they are used. */
function withNodes(upstream: JsonObject): JsonObject {
  const { nodes, scheme } = upstream
  if (!isJsonObject(nodes) || !areWeights(nodes)) return upstream
  const list = normalizeNodes(nodes, typeof scheme === 'string' ? scheme : undefined)
  return { ...upstream, nodes: list.map(({ host, port, weight }) => ({ host, port, weight })) }
}

function areWeights(nodes: JsonObject): nodes is Extract<Upstream['nodes'], JsonObject> {
  return Object.values(nodes).every((weight) => typeof weight === 'number')
}

function withPlugins(document: JsonObject): JsonObject {
  const { plugins } = document
  if (!isJsonObject(plugins)) return document
  const configs = Object.entries(plugins).map(([name, config]): [string, unknown] => {
    if (!isJsonObject(config)) return [name, config]
    return [name, { _meta: {}, ...withDefaults(config, knownPlugin(name)?.schema) }]
  })
  return { ...document, plugins: Object.fromEntries(configs) }
}

function metadataOf(entry: StoreEntry): JsonObject {
  const name = idOf(entry)
  const { id: _id, ...metadata } = valueOf(entry)
  const plugin = knownPlugin(name)
  // A plugin without a schema for metadata has its own schema applied, as in APISIX (recorded: key-auth).
  return { ...withDefaults(metadata, plugin?.metadataSchema ?? plugin?.schema), id: name }
}

/** As it is when it does not satisfy the schema. */
function withDefaults(config: JsonObject, schema: Schema<unknown> | undefined): JsonObject {
  const parsed = schema?.parse(config)
  return parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value : config
}

function idOf({ key }: StoreEntry): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

function valueOf({ value }: StoreEntry): JsonObject {
  try {
    const parsed: unknown = JSON.parse(value)
    return isJsonObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}
