// The control plane's own copy of the configuration, kept true by following the store, with indexes for the questions
// that writes ask: who refers to this, who has this identity (contract: admin-api.md §4.6).
import {
  follow,
  isPlaceholder,
  StoreUnavailableError,
  type ConfigStore,
  type Follower,
  type StoreChange,
  type StoreEntry,
} from '@weir/config-store'
import type { JsonObject } from '@weir/contract'
import type { Logger } from '@weir/telemetry'
import { Directory } from './directory.ts'
import { factsOf, parseDocument, type Document } from './document.ts'
import { nameOf, type DocumentName } from './keys.ts'

/** How long a check waits for the copy to show this control plane's own last writes. */
const CATCH_UP_MS = 3_000
/** How long a list waits for the writes of others. Revisions from outside the prefix would never arrive. */
const OTHERS_MS = 50

export interface ViewOptions {
  readonly store: ConfigStore
  readonly log: Logger
  /** The terms under which a document is to be found. Must not throw. */
  terms(name: DocumentName, value: JsonObject): readonly string[]
  /** Placeholders were deleted, or the store was out of sight and may have come back empty. */
  onPossiblyEmptied(): void
}

const emptyDirectory = new Directory()

interface Waiter {
  readonly arrived: () => boolean
  readonly resume: () => void
}

export class View {
  readonly #options: ViewOptions
  readonly #follower: Follower
  readonly #directories = new Map<string, Directory>()
  readonly #holders = new Map<string, Set<string>>()
  readonly #waiters = new Set<Waiter>()
  /** Deleted by this control plane, but the deletion has not come round yet: key, and when it had been created. */
  readonly #deleted = new Map<string, number>()
  #written = 0

  constructor(options: ViewOptions) {
    this.#options = options
    this.#follower = follow(options.store, {
      onSnapshot: (entries) => this.#load(entries),
      onChanges: (changes) => this.#apply(changes),
      onStatus: (status) => {
        if (status.reachable) options.onPossiblyEmptied()
        else options.log.warn('the store cannot be reached', { error: status.lastError })
      },
    })
  }

  /** The first load has taken place. */
  get initialized(): Promise<void> {
    return this.#follower.initialized
  }

  /** The documents of a resource; credentials have one directory for each consumer, its `parent`. */
  directory(name: string, parent?: string): Directory {
    return this.#directories.get(locationOf({ directory: name, parent })) ?? emptyDirectory
  }

  /** A document as this copy shows it. */
  find(key: string): Document | undefined {
    const name = nameOf(key)
    return name && this.#directories.get(locationOf(name))?.get(key)
  }

  /** The names of the documents that have this term, oldest index entry first. */
  *holders(term: string): Iterable<DocumentName> {
    for (const key of this.#holders.get(term) ?? []) {
      const name = nameOf(key)
      if (name !== undefined) yield name
    }
  }

  /** This control plane wrote; the next `caughtUp` waits until the copy shows it. */
  wrote(revision: number): void {
    if (revision > this.#written) this.#written = revision
  }

  /** This control plane deleted a key. The store does not tell the revision, so its absence is waited for. */
  deleted(key: string): void {
    const known = this.find(key)
    if (known !== undefined) this.#deleted.set(key, known.createRevision)
  }

  /**
   * Resolves when the copy shows everything that this control plane wrote.
   * @throws StoreUnavailableError when that takes too long: checks on an old copy would let wrong things pass.
   */
  async caughtUp(): Promise<void> {
    const written = this.#written
    const arrived = () => this.#shows(written) && this.#deleted.size === 0
    if (await this.#arrives(arrived, CATCH_UP_MS)) return
    await this.#forgetLostWrites()
    if (this.#shows(this.#written) && this.#deleted.size === 0) return
    const why = this.#follower.status.lastError
    throw new StoreUnavailableError(
      `the control plane has not yet seen the current configuration${why === undefined ? '' : `: ${why}`}`,
    )
  }

  /** Waits a little for the writes of other control planes, up to a revision that the store has been seen at. */
  async reached(revision: number): Promise<void> {
    await this.#arrives(() => this.#shows(revision), OTHERS_MS)
  }

  /** Waits until the copy shows `revision` and `condition` holds; answers whether that came true in time. */
  async until(condition: () => boolean, revision: number, timeoutMs: number): Promise<boolean> {
    return this.#arrives(() => this.#shows(revision) && condition(), timeoutMs)
  }

  /** Computes all terms anew, when what they depend on has changed. */
  reindex(): void {
    this.#holders.clear()
    for (const directory of this.#directories.values()) {
      for (const document of directory.byKey()) this.#put(document)
    }
  }

  close(): void {
    this.#follower.close()
    for (const waiter of this.#waiters) waiter.resume()
  }

  #load(entries: readonly StoreEntry[]): void {
    for (const entry of entries) this.#put(entry)
    this.#wake()
  }

  #apply(changes: readonly StoreChange[]): void {
    let emptied = false
    for (const change of changes) {
      if (change.type === 'put') this.#put(change.entry)
      else {
        this.#remove(change.key)
        this.#deleted.delete(change.key)
        emptied ||= isPlaceholder(change.key)
      }
    }
    this.#wake()
    if (emptied) this.#options.onPossiblyEmptied()
  }

  #wake(): void {
    for (const waiter of this.#waiters) if (waiter.arrived()) waiter.resume()
  }

  /** The follower's revision is never ahead of what it has delivered. */
  #shows(revision: number): boolean {
    const shown = this.#follower.status.revision
    return shown > 0 && shown >= revision
  }

  /** A store that was restored from a backup, or emptied, lost writes that will never come round. */
  async #forgetLostWrites(): Promise<void> {
    const { store } = this.#options
    const { revision } = await store.get('/')
    if (revision < this.#written) {
      this.#written = 0
      this.#deleted.clear()
    }
    for (const key of this.#deleted.keys()) {
      const { entry } = await store.get(key)
      if (entry !== undefined) this.#deleted.delete(key)
    }
  }

  #put(entry: StoreEntry): void {
    const name = nameOf(entry.key)
    if (name === undefined) return
    this.#unlink(entry.key)
    const recreatedAt = this.#deleted.get(entry.key)
    if (recreatedAt !== undefined && recreatedAt !== entry.createRevision) this.#deleted.delete(entry.key)
    const value = parseDocument(entry.value)
    if (value === undefined) {
      this.#options.log.warn('a stored document is not a JSON object', { key: entry.key })
      this.#forget(name, entry.key)
      return
    }
    const terms = this.#options.terms(name, value)
    const location = locationOf(name)
    let directory = this.#directories.get(location)
    if (directory === undefined) this.#directories.set(location, (directory = new Directory()))
    directory.set({ ...entry, facts: factsOf(value), terms })
    for (const term of terms) {
      const holders = this.#holders.get(term)
      if (holders === undefined) this.#holders.set(term, new Set([entry.key]))
      else holders.add(entry.key)
    }
  }

  #remove(key: string): void {
    this.#unlink(key)
    const name = nameOf(key)
    if (name !== undefined) this.#forget(name, key)
  }

  #forget(name: DocumentName, key: string): void {
    const location = locationOf(name)
    const directory = this.#directories.get(location)
    directory?.delete(key)
    if (directory?.isEmpty) this.#directories.delete(location)
  }

  #unlink(key: string): void {
    for (const term of this.find(key)?.terms ?? []) {
      const holders = this.#holders.get(term)
      holders?.delete(key)
      if (holders?.size === 0) this.#holders.delete(term)
    }
  }

  #arrives(arrived: () => boolean, timeoutMs: number): Promise<boolean> {
    if (arrived()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
        resolve(arrived())
      }
      const waiter: Waiter = { arrived, resume: finish }
      const timer = setTimeout(finish, timeoutMs)
      this.#waiters.add(waiter)
    })
  }
}

function locationOf({ directory, parent }: { directory: string; parent?: string | undefined }): string {
  return parent === undefined ? directory : `${directory} of ${parent}`
}
