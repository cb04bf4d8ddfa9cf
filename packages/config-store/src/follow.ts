// List, watch, and list again when the history is gone: a copy of the store that stays true by itself.
import { Backoff } from './backoff.ts'
import { KnownKeys } from './known-keys.ts'
import {
  type ConfigStore,
  type StoreChange,
  type StoreEntry,
  StoreUnavailableError,
  type WatchLoss,
} from './store.ts'

/** Receives the configuration. Called synchronously and in order; must not throw. */
export interface FollowHandlers {
  /** Once: everything below the prefix at `revision`, sorted by key (placeholders and unknown keys included). */
  onSnapshot(entries: readonly StoreEntry[], revision: number): void
  /**
   * What changed since, up to `revision`: events in the order of their revisions, each delivered once. After a gap
   * that cannot be replayed it is the difference to what was delivered before, in the same form. Revisions only go
   * back when the store itself went back (restored or wiped).
   */
  onChanges(changes: readonly StoreChange[], revision: number): void
  /** Whenever `reachable` or `lastError` is another one than before. */
  onStatus?(status: FollowerStatus): void
}

export interface FollowerStatus {
  /** Whether the store answered the last time it was asked, and still does as far as the connection tells. */
  readonly reachable: boolean
  /** The last revision delivered; 0 before the first load. */
  readonly revision: number
  /** Why the follower last had to begin anew, be it reachable by now or not. Fit for a log. */
  readonly lastError?: string
}

export interface Follower {
  /** Resolves after `onSnapshot`; never rejects, and stays open for ever if closed before. */
  readonly initialized: Promise<void>
  readonly status: FollowerStatus
  /** The handlers hear nothing more. Leaves the store open. */
  close(): void
}

/** Begins at once, and keeps trying for as long as it takes: an unreachable store is no error here. */
export function follow(store: ConfigStore, handlers: FollowHandlers): Follower {
  return new StoreFollower(store, handlers)
}

/** A watch that lasted longer than this shows that the store serves again. */
const STABLE_MS = 1_000

/** How long to wait for the answer to a short question before trying a new connection. */
const PROBE_TIMEOUT_MS = 5_000

class StoreFollower implements Follower {
  readonly initialized: Promise<void>
  readonly #store: ConfigStore
  readonly #handlers: FollowHandlers
  readonly #known = new KnownKeys()
  readonly #backoff = new Backoff()
  readonly #closing = new AbortController()
  readonly #setInitialized: () => void
  #status: FollowerStatus = { reachable: false, revision: 0 }
  #loaded = false

  constructor(store: ConfigStore, handlers: FollowHandlers) {
    this.#store = store
    this.#handlers = handlers
    const { promise, resolve } = Promise.withResolvers<void>()
    this.initialized = promise
    this.#setInitialized = resolve
    void this.#run()
  }

  get status(): FollowerStatus {
    return this.#status
  }

  close(): void {
    this.#closing.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    let stale = true
    while (!signal.aborted) {
      try {
        const goesOn = await this.#historyGoesOn()
        if (stale || !goesOn) await this.#load()
        if (signal.aborted) return
        const loss = await this.#watchUntilLost()
        stale = loss !== 'unavailable'
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error
        this.#report(false, describe(error))
      }
      await this.#backoff.pause(signal)
    }
  }

  /**
   * Whether the store still has the history that was followed so far. Its revision tells a wiped or restored store
   * only until it has as many writes as before, so the newest change must be there as it was, too. Asked before
   * anything else, because a short question finds out soon when nobody answers.
   */
  async #historyGoesOn(): Promise<boolean> {
    const { last } = this.#known
    const { entry, revision } = await this.#store.get(last?.key ?? '/', { timeoutMs: PROBE_TIMEOUT_MS })
    return (
      last?.type === 'put' &&
      revision >= this.#status.revision &&
      entry?.modRevision === last.entry.modRevision &&
      entry.value === last.entry.value
    )
  }

  async #load(): Promise<void> {
    const { signal } = this.#closing
    const { entries, revision } = await this.#store.list('/')
    if (signal.aborted) return
    const news = await this.#known.replace(entries, revision)
    if (signal.aborted) return
    this.#status = { ...this.#status, revision }
    if (this.#loaded) {
      const inOrder = news.toSorted((a, b) => a.revision - b.revision)
      if (inOrder.length > 0) this.#handlers.onChanges(inOrder, revision)
    } else {
      this.#loaded = true
      this.#handlers.onSnapshot(entries, revision)
      this.#setInitialized()
    }
    this.#report(true)
  }

  #watchUntilLost(): Promise<WatchLoss['kind']> {
    const { signal } = this.#closing
    const { promise, resolve } = Promise.withResolvers<WatchLoss['kind']>()
    let openedAt = Infinity
    const watch = this.#store.watch(this.#status.revision + 1, {
      onOpen: () => {
        openedAt = performance.now()
        this.#report(true)
      },
      onChanges: (changes, revision) => {
        const news = this.#known.apply(changes)
        this.#status = { ...this.#status, revision }
        if (news.length > 0) this.#handlers.onChanges(news, revision)
      },
      onLost: ({ kind, message }) => {
        signal.removeEventListener('abort', close)
        if (performance.now() - openedAt > STABLE_MS) this.#backoff.reset()
        this.#report(kind !== 'unavailable', message)
        resolve(kind)
      },
    })
    const close = () => {
      watch.close()
      resolve('unavailable')
    }
    signal.addEventListener('abort', close, { once: true })
    return promise
  }

  #report(reachable: boolean, error?: string): void {
    const before = this.#status
    if (before.reachable === reachable && (error === undefined || error === before.lastError)) return
    this.#status = { ...before, reachable, ...(error !== undefined && { lastError: error }) }
    if (!this.#closing.signal.aborted) this.#handlers.onStatus?.(this.#status)
  }
}

/** The reason beneath is for the log; the Admin API shows the message alone. */
function describe({ message, cause }: StoreUnavailableError): string {
  if (!(cause instanceof Error)) return message
  // gRPC adds the time of its last attempt, which would make the same error a new one each time.
  const reason = cause.message.replace(/ \(\d{4}-[^)]*\)/, '').replace(/\. Resolution note: $/, '')
  return `${message} (${reason})`
}
