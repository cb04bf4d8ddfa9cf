// The store of the standalone modes: it holds whatever configuration it was given last, as a whole, and tells
// watchers the difference to the one before. Nothing is kept anywhere else, and nobody can write single keys.
import type { StandaloneDocument } from '@weir/contract'
import {
  type ConfigStore,
  type GetResult,
  type ListResult,
  type StoreChange,
  type StoreEntry,
  StoreUnavailableError,
  type StoreWatch,
  type WatchListener,
} from '../store.ts'
import { Turns } from '../turns.ts'
import { StandaloneWatch } from './watch.ts'

/** What the store holds of a document. */
interface Held {
  readonly entry: StoreEntry
  readonly version: number | undefined
}

/** Changes that watchers are told of at once; a configuration of so many documents takes effect in one step. */
const CHANGES_PER_TURN = 100

export class StandaloneStore implements ConfigStore {
  /** Resources are called `/routes/1` in these modes, without a prefix (contract: recorded/standalone.jsonl). */
  readonly prefix = ''
  readonly #watches = new Set<StandaloneWatch>()
  readonly #given = Promise.withResolvers<void>()
  #held = new Map<string, Held>()
  #revision = 0
  #closed = false
  #replaced: Promise<void> = Promise.resolve()

  constructor() {
    // Heard only by those who list.
    this.#given.promise.catch(() => undefined)
  }

  get revision(): number {
    return this.#revision
  }

  /** Whether there is a configuration, be it an empty one. */
  get isGiven(): boolean {
    return this.#revision > 0
  }

  /**
   * Becomes this configuration. Documents of one kind keep their order: where nothing else decides, the earlier one
   * counts as the older one. A document with the version that is in force is taken to be the one in force, whatever
   * its text (contract: admin-api.md §7).
   * Takes several turns of the event loop for many documents; resolves when all watchers know. One configuration
   * follows the other.
   * @param base no change gets a smaller revision than this.
   */
  replace(documents: Iterable<StandaloneDocument>, base = 0): Promise<void> {
    const replaced = this.#replaced.then(() => this.#replace(documents, base))
    // A failure concerns whoever asked for this one, not those behind it.
    this.#replaced = replaced.catch(() => {})
    return replaced
  }

  async #replace(documents: Iterable<StandaloneDocument>, base: number): Promise<void> {
    const turns = new Turns()
    const before = this.#held
    const after = new Map<string, Held>()
    const changes: StoreChange[] = []
    const youngest = new Map<string, number>()
    let revision = Math.max(this.#revision, base - 1)
    for (const { key, value, version } of documents) {
      const kind = key.slice(0, key.indexOf('/', 1))
      const known = before.get(key)
      const isInOrder = known !== undefined && known.entry.createRevision > (youngest.get(kind) ?? 0)
      let entry = known?.entry
      if (!known || !isSame(known, value, version, isInOrder)) {
        revision += 1
        // Readers know a new state by its modRevision.
        const isNew = version !== known?.entry.modRevision
        entry = {
          key,
          value,
          createRevision: isInOrder ? known.entry.createRevision : revision,
          modRevision: isNew && version !== undefined ? version : revision,
        }
        changes.push({ type: 'put', key, revision, entry })
      }
      if (!entry) continue
      youngest.set(kind, Math.max(youngest.get(kind) ?? 0, entry.createRevision))
      after.set(key, { entry, version })
      if (turns.isOver) await turns.next()
    }
    for (const key of before.keys()) {
      if (!after.has(key)) changes.push({ type: 'delete', key, revision: ++revision })
      if (turns.isOver) await turns.next()
    }
    this.#held = after
    // An empty first configuration is one, too.
    this.#revision = Math.max(revision, 1)
    this.#given.resolve()
    await this.#tell(changes, turns)
  }

  async #tell(changes: readonly StoreChange[], turns: Turns): Promise<void> {
    for (let start = 0; start < changes.length; start += CHANGES_PER_TURN) {
      const some = changes.slice(start, start + CHANGES_PER_TURN)
      const isLast = start + CHANGES_PER_TURN >= changes.length
      const revision = isLast ? this.#revision : (some.at(-1)?.revision ?? this.#revision)
      for (const watch of this.#watches) watch.deliver(some, revision)
      if (turns.isOver) await turns.next()
    }
  }

  async get(key: string): Promise<GetResult> {
    return { revision: this.#revision, entry: this.#held.get(key)?.entry }
  }

  /** Waits for the first configuration. */
  async list(prefix: string): Promise<ListResult> {
    await this.#given.promise
    const entries = Array.from(this.#held.values(), ({ entry }) => entry).filter(({ key }) =>
      key.startsWith(prefix),
    )
    entries.sort((a, b) => (a.key < b.key ? -1 : 1))
    return { revision: this.#revision, entries }
  }

  watch(fromRevision: number, listener: WatchListener): StoreWatch {
    const watch = new StandaloneWatch(fromRevision, listener, {
      revision: () => this.#revision,
      over: (one) => this.#watches.delete(one),
    })
    this.#watches.add(watch)
    return watch
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const reason = 'the store is closed'
    this.#given.reject(new StoreUnavailableError(reason))
    for (const watch of this.#watches) watch.lose('unavailable', reason)
  }

  async initialize(): Promise<void> {}

  put(): Promise<never> {
    return refuseWrite()
  }

  compareAndSwap(): Promise<never> {
    return refuseWrite()
  }

  delete(): Promise<never> {
    return refuseWrite()
  }

  deleteWith(): Promise<never> {
    return refuseWrite()
  }

  deletePrefix(): Promise<never> {
    return refuseWrite()
  }

  allocateId(): Promise<never> {
    return refuseWrite()
  }
}

function refuseWrite(): Promise<never> {
  return Promise.reject(new StoreUnavailableError('this configuration is only replaced as a whole'))
}

function isSame(known: Held, value: string, version: number | undefined, isInOrder: boolean): boolean {
  if (version !== undefined && version === known.version) return true
  return isInOrder && known.entry.value === value
}
