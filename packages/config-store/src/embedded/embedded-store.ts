// The store in one file, for installations without etcd. Several processes may open the same file.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { timerMsMax } from '@weir/contract'
import { writePlaceholders } from '../directories.ts'
import { generateId } from '../generated-id.ts'
import type { ScannableStore, ScanPage } from '../scan.ts'
import {
  type GetResult,
  type KeyState,
  type ListResult,
  type PutResult,
  type StoreEntry,
  StoreUnavailableError,
  type StoreWatch,
  type SwapOptions,
  type SwapResult,
  type WatchListener,
  type WriteOptions,
} from '../store.ts'
import { Database } from './database.ts'
import { list, scan } from './list.ts'
import { EmbeddedWatch } from './watch.ts'

export interface EmbeddedSettings {
  /** The file; `-wal` and `-shm` stand beside it while it is open. Its directory is made if need be. */
  readonly path: string
  /** What the Admin API shows before every key. Default: `/apisix`. */
  readonly prefix?: string
  /** How many revisions a watch may be behind before it has to list again. Default: 4096. */
  readonly historyRevisionsMax?: number
}

const DEFAULT_PREFIX = '/apisix'
const DEFAULT_HISTORY_REVISIONS_MAX = 4_096

/** etcd's limit for a request, so that what fits here fits there. */
const VALUE_BYTES_MAX = 1_572_864

/** How soon a watch hears of another process's write. Asking costs a microsecond. */
const POLL_MS = 10

/** Opens or creates the file. Throws a {@link StoreUnavailableError} when that fails. */
export function createEmbeddedStore(settings: EmbeddedSettings): ScannableStore {
  return new EmbeddedStore(settings)
}

class EmbeddedStore implements ScannableStore {
  readonly prefix: string
  readonly #path: string
  readonly #historyRevisionsMax: number
  readonly #db: Database
  readonly #watches = new Set<EmbeddedWatch>()
  #poll: NodeJS.Timeout | undefined
  #dataVersion = 0
  #expiryTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(settings: EmbeddedSettings) {
    const { path, prefix = DEFAULT_PREFIX, historyRevisionsMax = DEFAULT_HISTORY_REVISIONS_MAX } = settings
    this.prefix = prefix
    this.#path = path
    this.#historyRevisionsMax = historyRevisionsMax
    this.#db = answering(() => new Database(path))
    answering(() => this.#planExpiry())
  }

  initialize(): Promise<void> {
    return writePlaceholders(this)
  }

  async get(key: string): Promise<GetResult> {
    return answering(() => {
      this.#expire()
      return { revision: this.#db.revision(), entry: this.#db.entry(key) }
    })
  }

  async list(prefix: string): Promise<ListResult> {
    answering(() => this.#expire())
    try {
      return await list(this.#path, prefix)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  async *scan(prefix: string): AsyncGenerator<ScanPage> {
    answering(() => this.#expire())
    try {
      yield* scan(this.#path, prefix)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  async put(key: string, value: string, options: WriteOptions = {}): Promise<PutResult> {
    return this.#change((revision) => {
      const previous = this.#db.entry(key)
      this.#write(key, value, revision, previous, options)
      return { revision, created: !previous, ...(previous && { previous }) }
    })
  }

  async compareAndSwap(
    key: string,
    modRevision: number | 'any',
    value: string,
    options: SwapOptions = {},
  ): Promise<SwapResult | 'conflict'> {
    const { unchanged = [] } = options
    return this.#change((revision) => {
      const previous = this.#db.entry(key)
      if (modRevision !== 'any' && (previous?.modRevision ?? 0) !== modRevision) return 'conflict'
      const isChanged = (state: KeyState) =>
        (this.#db.entry(state.key)?.modRevision ?? 0) !== state.modRevision
      if (unchanged.some(isChanged)) return 'conflict'
      this.#write(key, value, revision, previous, options)
      return { revision, created: previous === undefined }
    })
  }

  async delete(key: string): Promise<boolean> {
    return this.#change((revision) => {
      const exists = this.#db.entry(key) !== undefined
      if (exists) this.#db.remove(key, revision)
      return exists
    })
  }

  async deleteWith(key: string, prefix: string): Promise<boolean> {
    return this.#change((revision) => {
      this.#removeAll(this.#db.keysWithPrefix(prefix), revision)
      const exists = this.#db.entry(key) !== undefined
      if (exists) this.#db.remove(key, revision)
      return exists
    })
  }

  async deletePrefix(prefix: string): Promise<number> {
    return this.#change((revision) => this.#removeAll(this.#db.keysWithPrefix(prefix), revision))
  }

  allocateId(): Promise<string> {
    return generateId(this)
  }

  watch(fromRevision: number, listener: WatchListener): StoreWatch {
    const watch = new EmbeddedWatch(this.#db, fromRevision, listener, () => this.#unwatch(watch))
    this.#watches.add(watch)
    this.#poll ??= setInterval(() => this.#lookForForeignWrites(), POLL_MS)
    return watch
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const watch of this.#watches) watch.close()
    clearTimeout(this.#expiryTimer)
    this.#db.close()
  }

  /**
   * Runs `work` with the revision that its writes make, if it writes at all. The answer takes a turn of the event
   * loop, so that a caller who writes in a loop does not keep all others waiting.
   */
  async #change<T>(work: (revision: number) => T): Promise<T> {
    this.#expire()
    const result = this.#commit(work)
    await nextTurn()
    return result
  }

  #commit<T>(work: (revision: number) => T): T {
    const result = answering(() =>
      this.#db.transaction(() => {
        const revision = this.#db.revision() + 1
        const done = work(revision)
        this.#db.forgetChangesBefore(revision - this.#historyRevisionsMax)
        return done
      }),
    )
    for (const watch of this.#watches) watch.wake()
    return result
  }

  #write(
    key: string,
    value: string,
    revision: number,
    previous: StoreEntry | undefined,
    { ttlSeconds }: WriteOptions,
  ): void {
    if (Buffer.byteLength(value) > VALUE_BYTES_MAX) {
      throw new StoreUnavailableError(`the value of ${key} is larger than ${VALUE_BYTES_MAX} bytes`)
    }
    const createRevision = previous?.createRevision ?? revision
    const expiresAt = ttlSeconds === undefined ? undefined : Date.now() + ttlSeconds * 1000
    this.#db.write({ key, value, createRevision, modRevision: revision }, expiresAt)
    if (expiresAt !== undefined) this.#planExpiry()
  }

  #removeAll(keys: readonly string[], revision: number): number {
    for (const key of keys) this.#db.remove(key, revision)
    return keys.length
  }

  /** Removes the keys whose time is over, in one revision. */
  #expire(): void {
    const now = Date.now()
    if (answering(() => this.#db.nextExpiry()) > now) return
    this.#commit((revision) => this.#removeAll(this.#db.keysExpiredAt(now), revision))
    answering(() => this.#planExpiry())
  }

  #planExpiry(): void {
    clearTimeout(this.#expiryTimer)
    const at = this.#db.nextExpiry()
    if (at === Infinity) return
    const delayMs = Math.min(Math.max(at - Date.now(), 0), timerMsMax)
    this.#expiryTimer = setTimeout(() => this.#expireInBackground(), delayMs)
  }

  #expireInBackground(): void {
    try {
      this.#expire()
      // A timer may fire a millisecond before its time, when nothing has expired yet.
      this.#planExpiry()
    } catch {
      // The file cannot be written now. Whoever reads or writes next tries again, and is told if that fails too.
    }
  }

  #unwatch(watch: EmbeddedWatch): void {
    this.#watches.delete(watch)
    if (this.#watches.size > 0) return
    clearInterval(this.#poll)
    this.#poll = undefined
  }

  #lookForForeignWrites(): void {
    try {
      const version = this.#db.dataVersion()
      if (version === this.#dataVersion) return
      this.#dataVersion = version
      this.#planExpiry()
      for (const watch of this.#watches) watch.wake()
    } catch (error) {
      for (const watch of this.#watches) watch.fail(toStoreError(error).message)
    }
  }
}

/** Turns what SQLite throws (disk full, locked for too long, not a database) into the error of the port. */
function answering<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toStoreError(error)
  }
}

function toStoreError(error: unknown): StoreUnavailableError {
  if (error instanceof StoreUnavailableError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new StoreUnavailableError(`the embedded store does not answer: ${reason}`, { cause: error })
}
