// The configuration that PUT /configs replaces, in memory only (contract: admin-api.md §7).
import {
  documentsOfKind,
  isJsonObject,
  type JsonObject,
  type StandaloneDocument,
  standaloneKinds,
} from '@weir/contract'
import type { StandaloneStore } from '@weir/config-store/standalone'
import { type ConfigurationKind, kinds, versionComplaint } from './validate.ts'

interface KindState {
  readonly version: number
  readonly items: readonly unknown[]
}

/** `known`: it is the one in force, by its digest. */
type Replaced = 'new' | 'known' | { readonly complaint: string }

const untouched: KindState = { version: 0, items: [] }

export class Configuration {
  readonly #store: StandaloneStore
  #kinds: ReadonlyMap<ConfigurationKind, KindState> = new Map()
  /** The replacement that was asked for last. */
  #before: Promise<unknown> = Promise.resolve()
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
   * Becomes a configuration whose items are valid, after those that were given before it; resolves when it is told to
   * all who watch.
   * @param now Unix time in seconds.
   */
  replace(configuration: JsonObject, digest: string, now: number): Promise<Replaced> {
    const replaced = this.#before.then(() => this.#replace(configuration, digest, now))
    // A failure concerns whoever asked for this one, not those behind it.
    this.#before = replaced.catch(() => {})
    return replaced
  }

  async #replace(configuration: JsonObject, digest: string, now: number): Promise<Replaced> {
    if (digest === this.digest) return 'known'
    const next = new Map<ConfigurationKind, KindState>()
    for (const kind of kinds) {
      const before = this.#state(kind)
      const given = configuration[`${kind}_conf_version`]
      const complaint = versionComplaint(kind, given)
      if (complaint !== undefined) return { complaint }
      const version = typeof given === 'number' ? given : before.version + 1
      if (version < before.version) {
        return { complaint: `${kind}_conf_version must be greater than or equal to (${before.version})` }
      }
      const items = configuration[kind]
      next.set(
        kind,
        version === before.version ? before : { version, items: Array.isArray(items) ? items : [] },
      )
    }
    this.#kinds = next
    this.#given = { digest, lastModified: now }
    await this.#store.replace(this.#documents())
    return 'new'
  }

  *#documents(): Generator<StandaloneDocument> {
    for (const kind of standaloneKinds) {
      const { version, items } = this.#state(kind)
      for (const document of documentsOfKind(kind, items.map(withoutEmptyArray))) {
        yield { ...document, version: document.version ?? version }
      }
    }
  }

  #state(kind: ConfigurationKind): KindState {
    return this.#kinds.get(kind) ?? untouched
  }
}

/** In Lua the empty array and the empty object are one. */
function withoutEmptyArray(item: unknown): unknown {
  return isJsonObject(item) || !Array.isArray(item) || item.length > 0 ? item : {}
}
