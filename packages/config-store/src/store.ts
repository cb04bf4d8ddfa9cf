// The port: what every store of configuration can do, whether it is etcd or one embedded file.

/** One key with its value, as it was at some revision. */
export interface StoreEntry {
  /** Below the prefix, beginning with a slash: `/routes/1`. */
  readonly key: string
  readonly value: string
  /** Revision at which the key came into being (createdIndex of the Admin API). */
  readonly createRevision: number
  /** Revision of the last write (modifiedIndex of the Admin API). */
  readonly modRevision: number
}

/** One event in the history of the store. */
export type StoreChange =
  | { readonly type: 'put'; readonly key: string; readonly revision: number; readonly entry: StoreEntry }
  | { readonly type: 'delete'; readonly key: string; readonly revision: number }

export interface ReadOptions {
  /** Give up earlier than the store's own timeout. */
  readonly timeoutMs?: number
}

export interface WriteOptions {
  /** The key vanishes by itself this many seconds after the write. */
  readonly ttlSeconds?: number
}

/** A key at its last write; 0 stands for a key that does not exist. */
export interface KeyState {
  readonly key: string
  readonly modRevision: number
}

export interface SwapOptions extends WriteOptions {
  /** Other keys that must be as they were when the caller looked at them. */
  readonly unchanged?: readonly KeyState[]
}

/**
 * Why a watch ended:
 * - `compacted`: the history it asked for is gone; list again.
 * - `rewound`: the store has another history than the one watched so far (wiped, restored, replaced); list again.
 * - `unavailable`: the store cannot be reached; watch again from the last revision seen.
 */
export interface WatchLoss {
  readonly kind: 'compacted' | 'rewound' | 'unavailable'
  readonly message: string
}

/** Receives a watch's events, synchronously and in order. None of these may throw. */
export interface WatchListener {
  /** The store accepted the watch; `revision` is the newest one it had at that moment. */
  onOpen?(revision: number): void
  /**
   * Changes in the order of their revisions; all changes of one revision arrive together. `revision` is the last
   * one that is completely delivered.
   */
  onChanges(changes: readonly StoreChange[], revision: number): void
  /** The watch is over; nothing follows. Not called after `close()`. */
  onLost(loss: WatchLoss): void
}

export interface StoreWatch {
  /** Ends the watch at once: the listener hears nothing more. */
  close(): void
}

/**
 * Where configuration lives. Keys are given and answered without the prefix. Every call ends within the store's
 * timeout, if need be with a {@link StoreUnavailableError}.
 */
export interface ConfigStore {
  /** What stands before every key in etcd and in the Admin API's answers, without a trailing slash: `/apisix`. */
  readonly prefix: string

  /** Writes the placeholder of every directory that has none (contract: etcd.md §1). Not for data planes. */
  initialize(): Promise<void>

  get(key: string, options?: ReadOptions): Promise<GetResult>

  /** Everything whose key begins with `prefix`, sorted by key, as it was at `revision`. */
  list(prefix: string): Promise<ListResult>

  /** Writes unconditionally. Without a ttl, an earlier ttl of the key no longer applies. */
  put(key: string, value: string, options?: WriteOptions): Promise<PutResult>

  /**
   * Writes only if the key's last write is still `modRevision` (0 stands for a key that does not exist, `any` for
   * whatever it is) and nothing has happened to the keys in `unchanged`; in one step with the write.
   */
  compareAndSwap(
    key: string,
    modRevision: number | 'any',
    value: string,
    options?: SwapOptions,
  ): Promise<SwapResult | 'conflict'>

  /** Answers whether there was something to delete. */
  delete(key: string): Promise<boolean>

  /**
   * Deletes a key and everything whose key begins with `prefix`, in one revision. Answers whether there was the key;
   * what begins with the prefix goes in any case.
   */
  deleteWith(key: string, prefix: string): Promise<boolean>

  /** Deletes everything whose key begins with `prefix`, in one revision. Answers how many there were. */
  deletePrefix(prefix: string): Promise<number>

  /** A new id, never given before: the revision of a write to `/gen_id`, 20 digits (contract: admin-api.md §4.1). */
  allocateId(): Promise<string>

  /** Delivers every change from `fromRevision` on, that one included. Most callers want `follow` instead. */
  watch(fromRevision: number, listener: WatchListener): StoreWatch

  /** The version of the server behind it, `3.5.9`; absent where there is none. */
  serverVersion?(): Promise<string>

  /** Ends all watches and lets go of connections or files. */
  close(): Promise<void>
}

export interface SwapResult {
  readonly revision: number
  /** Whether the key is new. */
  readonly created: boolean
}

export interface GetResult {
  /** The newest revision of the store, not of the key. */
  readonly revision: number
  readonly entry: StoreEntry | undefined
}

export interface ListResult {
  readonly revision: number
  readonly entries: readonly StoreEntry[]
}

export interface PutResult {
  readonly revision: number
  /** Whether the key is new. */
  readonly created: boolean
  /** What the write replaced. */
  readonly previous?: StoreEntry
}

/**
 * The store cannot be reached, did not answer in time, or refuses its service. After a write it is not known whether
 * the write took place. The message may be shown to users of the Admin API (503).
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}
