// A whole configuration in one tree, as apisix.yaml, apisix.json and PUT /configs give it, taken apart into the
// documents that a store would hold (contract/etcd.md §5.1, admin-api.md §7).

import { isJsonObject, type JsonObject } from '../schema/index.ts'

/** The members that hold items. In the order in which one kind refers to another. */
export const standaloneKinds = [
  'plugin_metadata',
  'secrets',
  'ssls',
  'protos',
  'upstreams',
  'services',
  'plugin_configs',
  'consumer_groups',
  'consumers',
  'global_rules',
  'routes',
  'stream_routes',
] as const

export type StandaloneKind = (typeof standaloneKinds)[number]

export interface StandaloneDocument {
  /** Below the prefix: `/routes/1`. */
  readonly key: string
  /** The item as JSON, without `modifiedIndex`. */
  readonly value: string
  /** The item's own `modifiedIndex`, if it is an integer. */
  readonly version: number | undefined
}

/** Of several items with one id the last one counts. A kind that is not an array has no items. */
export function documentsOf(configuration: unknown): readonly StandaloneDocument[] {
  if (!isJsonObject(configuration)) return []
  return standaloneKinds.flatMap((kind) => documentsOfKind(kind, configuration[kind]))
}

export function documentsOfKind(kind: StandaloneKind, items: unknown): readonly StandaloneDocument[] {
  if (!Array.isArray(items)) return []
  const byKey = new Map<string, StandaloneDocument>()
  for (const [index, item] of items.entries()) {
    const document = toDocument(kind, item, index + 1)
    // Anew, so that it stands where it was given last.
    byKey.delete(document.key)
    byKey.set(document.key, document)
  }
  return [...byKey.values()]
}

/** The key of the list of plugins; undefined when the configuration has none. */
export function pluginListOf(configuration: unknown): StandaloneDocument | undefined {
  const list = isJsonObject(configuration) ? configuration['plugins'] : undefined
  return Array.isArray(list)
    ? { key: '/plugins', value: JSON.stringify(list), version: undefined }
    : undefined
}

/** What is no object keeps its place, so that whoever reads the documents can say what is wrong with it. */
function toDocument(kind: StandaloneKind, item: unknown, position: number): StandaloneDocument {
  const place = `/${kind}/arr_${position}`
  if (!isJsonObject(item)) return { key: place, value: JSON.stringify(item) ?? 'null', version: undefined }
  const { modifiedIndex, ...document } = item
  const isVersion = Number.isInteger(modifiedIndex)
  return {
    key: keyOf(kind, document, place),
    value: JSON.stringify(isVersion ? document : item),
    version: isVersion ? Number(modifiedIndex) : undefined,
  }
}

function keyOf(kind: StandaloneKind, { id, username }: JsonObject, place: string): string {
  const isCredential = kind === 'consumers' && typeof id === 'string' && credentialId.test(id)
  const named = kind === 'consumers' && !isCredential ? (username ?? id) : (id ?? username)
  if (named === undefined || named === null) return place
  const text = isPositiveInteger(named) ? String(named) : typeof named === 'string' ? named : undefined
  if (text !== undefined && (isCredential || isSecret(kind, text) || plainId.test(text))) {
    return `/${kind}/${text}`
  }
  // Nobody's id has a blank in it: the schema refuses it, and the key says why.
  return `${place} (id ${encodeURIComponent(JSON.stringify(named))})`
}

const plainId = /^[^/]+$/
const credentialId = /^[^/]+\/credentials\/[^/]+$/

function isSecret(kind: StandaloneKind, id: string): boolean {
  return kind === 'secrets' && /^[^/]+\/[^/]+$/.test(id)
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}
