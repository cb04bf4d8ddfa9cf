// A whole configuration in one tree, as apisix.yaml, apisix.json and PUT /configs give it, taken apart into the
// documents that a store would hold (contract/etcd.md §5.1, admin-api.md §7).

import { isJsonObject } from '../schema/index.ts'

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
  return standaloneKinds.flatMap((kind) => [...documentsOfKind(kind, configuration[kind])])
}

/** Writes each text only when it is asked for: of thousands of items that takes a while. */
export function* documentsOfKind(kind: StandaloneKind, items: unknown): Generator<StandaloneDocument> {
  if (!Array.isArray(items)) return
  const itemsByKey = new Map<string, unknown>()
  for (const [index, item] of items.entries()) {
    const key = keyOf(kind, item, `/${kind}/arr_${index + 1}`)
    // Anew, so that it stands where it was given last.
    itemsByKey.delete(key)
    itemsByKey.set(key, item)
  }
  for (const [key, item] of itemsByKey) yield toDocument(key, item)
}

/** The key of the list of plugins; undefined when the configuration has none. */
export function pluginListOf(configuration: unknown): StandaloneDocument | undefined {
  const list = isJsonObject(configuration) ? configuration['plugins'] : undefined
  return Array.isArray(list)
    ? { key: '/plugins', value: JSON.stringify(list), version: undefined }
    : undefined
}

function toDocument(key: string, item: unknown): StandaloneDocument {
  if (!isJsonObject(item)) return { key, value: JSON.stringify(item) ?? 'null', version: undefined }
  const { modifiedIndex, ...document } = item
  const isVersion = Number.isInteger(modifiedIndex)
  return {
    key,
    value: JSON.stringify(isVersion ? document : item),
    version: isVersion ? Number(modifiedIndex) : undefined,
  }
}

/** What is no object keeps its place, so that whoever reads the documents can say what is wrong with it. */
function keyOf(kind: StandaloneKind, item: unknown, place: string): string {
  if (!isJsonObject(item)) return place
  const { id, username } = item
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
