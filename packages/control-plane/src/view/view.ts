// The control plane's own copy of the configuration, kept true by following the store, with indexes for the questions
// that writes ask: who refers to this, who has this identity (contract: admin-api.md §4.6).
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
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
/** Documents are read in pieces of so many, about 5 ms, so that others get their turn while a large store is loaded. */
const DOCUMENTS_PER_TURN = 250

export interface ViewOptions {
  readonly store: ConfigStore
  readonly log: Logger
  /** The terms under which a document is to be found. Must not throw. */
  terms(name: DocumentName, value: JsonObject): readonly string[]
  /** Placeholders were deleted, or the store was out of sight and may have come back empty. */
  onPossiblyEmptied(): void
}

const emptyDirectory = new Directory()

/** What is to be taken over, and the revision that is shown then. */
interface Batch {
  readonly changes: readonly StoreChange[]
  readonly revision: number
}

interface Waiter {
  readonly arrived: () => boolean
  readonly resume: () => void
}

export class View {
  /** The first load has taken place. */
  readonly initialized: Promise<void>
  readonly #options: ViewOptions
  readonly #follower: Follower
  readonly #directories = new Map<string, Directory>()
  readonly #holders = new Map<string, Set<string>>()
  readonly #waiters = new Set<Waiter>()
  /** Deleted by this control plane, but the deletion has not come round yet: key, and when it had been created. */
  readonly #deleted = new Map<string, number>()
  #written = 0
  readonly #batches: Batch[] = []
  #isTakingOver = false
  #closed = false
  /** As far as the batches are taken over. */
  #revision = 0
  readonly #setInitialized: () => void

  constructor(options: ViewOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.initialized = promise
    this.#setInitialized = resolve
    this.#follower = follow(options.store, {
      onSnapshot: (entries, revision) => this.#receive({ changes: entries.map(toChange), revision }),
      onChanges: (changes, revision) => this.#receive({ changes, revision }),
      onStatus: (status) => {
        if (status.reachable) options.onPossiblyEmptied()
        else options.log.warn('the store cannot be reached', { error: status.lastError })
      },
    })
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
  async reindex(): Promise<void> {
    for (const directory of this.#directories.values()) {
      for (const [i, { key }] of directory.byKey().entries()) {
        if (i % DOCUMENTS_PER_TURN === 0) await nextTurn()
        const document = directory.get(key)
        if (document !== undefined) this.#put(document)
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#follower.close()
    for (const waiter of this.#waiters) waiter.resume()
  }

  #receive(batch: Batch): void {
    this.#batches.push(batch)
    if (!this.#isTakingOver) void this.#takeOver()
  }

  /** What is small is there at once, within the call. */
  async #takeOver(): Promise<void> {
    this.#isTakingOver = true
    while (this.#isTakingOver) {
      const batch = this.#batches.shift()
      assert(batch, 'somebody is taking over only as long as there is something')
      let emptied = false
      for (const [i, change] of batch.changes.entries()) {
        if (i > 0 && i % DOCUMENTS_PER_TURN === 0) await nextTurn()
        if (this.#closed) return
        this.#apply(change)
        emptied ||= change.type === 'delete' && isPlaceholder(change.key)
      }
      this.#revision = batch.revision
      const isLast = this.#batches.length === 0
      // Those who are told now may bring the next batch within the call.
      if (isLast) this.#isTakingOver = false
      this.#setInitialized()
      this.#wake()
      if (emptied) this.#options.onPossiblyEmptied()
      if (isLast) return
    }
  }

  #apply(change: StoreChange): void {
    if (change.type === 'put') this.#put(change.entry)
    else {
      this.#remove(change.key)
      this.#deleted.delete(change.key)
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters) if (waiter.arrived()) waiter.resume()
  }

  /** The follower's revision is never ahead of what it has delivered, which may not all be taken over. */
  #shows(revision: number): boolean {
    const shown = this.#isTakingOver ? this.#revision : this.#follower.status.revision
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

function toChange(entry: StoreEntry): StoreChange {
  return { type: 'put', key: entry.key, revision: entry.modRevision, entry }
}

function locationOf({ directory, parent }: { directory: string; parent?: string | undefined }): string {
  return parent === undefined ? directory : `${directory} of ${parent}`
}
