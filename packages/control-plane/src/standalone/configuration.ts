// The configuration that PUT /configs replaces, in memory only (contract: admin-api.md §7).
import { documentsOfKind, isJsonObject, type JsonObject, standaloneKinds } from '@weir/contract'
import type { StandaloneStore } from '@weir/config-store/standalone'
import { type ConfigurationKind, kinds, versionComplaint } from './validate.ts'

interface KindState {
  readonly version: number
  readonly items: readonly unknown[]
}

const untouched: KindState = { version: 0, items: [] }

export class Configuration {
  readonly #store: StandaloneStore
  #kinds: ReadonlyMap<ConfigurationKind, KindState> = new Map()
  #given: { readonly digest: string; readonly lastModified: number } | undefined

  constructor(store: StandaloneStore) {
    this.#store = store
  }

  /** Undefined before the first configuration. */
  get digest(): string | undefined {
    return this.#given?.digest
  }

  /** Unix time in seconds; undefined before the first configuration. */
  get lastModified(): number | undefined {
    return this.#given?.lastModified
  }

  /** As it was given, with the versions in force and the two headers. Kinds without items are left out. */
  get document(): JsonObject {
    const document: JsonObject = {}
    for (const kind of kinds) {
      const { version, items } = this.#state(kind)
      if (items.length > 0) document[kind] = items
      document[`${kind}_conf_version`] = version
    }
    if (this.#given) {
      document['X-Digest'] = this.#given.digest
      document['X-Last-Modified'] = this.#given.lastModified
    }
    return document
  }

  /**
   * Becomes a configuration whose items are valid, unless the complaint that it answers stands against it.
   * @param now Unix time in seconds.
   */
  replace(configuration: JsonObject, digest: string, now: number): string | undefined {
    const next = new Map<ConfigurationKind, KindState>()
    for (const kind of kinds) {
      const before = this.#state(kind)
      const given = configuration[`${kind}_conf_version`]
      const complaint = versionComplaint(kind, given)
      if (complaint !== undefined) return complaint
      const version = typeof given === 'number' ? given : before.version + 1
      if (version < before.version) {
        return `${kind}_conf_version must be greater than or equal to (${before.version})`
      }
      const items = configuration[kind]
      next.set(
        kind,
        version === before.version ? before : { version, items: Array.isArray(items) ? items : [] },
      )
    }
    this.#kinds = next
    this.#given = { digest, lastModified: now }
    this.#store.replace(
      standaloneKinds.flatMap((kind) => {
        const { version, items } = this.#state(kind)
        return documentsOfKind(kind, items.map(withoutEmptyArray)).map((document) => ({
          ...document,
          version: document.version ?? version,
        }))
      }),
    )
    return undefined
  }

  #state(kind: ConfigurationKind): KindState {
    return this.#kinds.get(kind) ?? untouched
  }
}

/** In Lua the empty array and the empty object are one. */
function withoutEmptyArray(item: unknown): unknown {
  return isJsonObject(item) || !Array.isArray(item) || item.length > 0 ? item : {}
}
