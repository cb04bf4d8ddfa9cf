// List, watch, and list again when the revision is gone: a copy of the store that stays true by itself.
import type { ConfigStore, StoreChange, StoreEntry } from './store.ts'

/** Receives the configuration. Called synchronously and in order; must not throw. */
export interface FollowHandlers {
  /** Once: everything below the prefix at `revision`, sorted by key (placeholders and unknown keys included). */
  onSnapshot(entries: readonly StoreEntry[], revision: number): void
  /**
   * What changed since, up to `revision`: events in the order of their revisions, each delivered once. After a gap
   * that cannot be replayed it is the difference to what was delivered before, in the same form.
   */
  onChanges(changes: readonly StoreChange[], revision: number): void
  onStatus?(status: FollowerStatus): void
}

export interface FollowerStatus {
  /** Whether the store answers and the watch is open. */
  readonly reachable: boolean
  /** The last revision delivered; 0 before the first load. */
  readonly revision: number
  /** Why the store is not reachable, or was not the last time. */
  readonly lastError?: string
}

export interface Follower {
  /** Resolves after `onSnapshot`; never rejects, and stays open for ever if closed before. */
  readonly initialized: Promise<void>
  readonly status: FollowerStatus
  close(): void
}

export declare function follow(store: ConfigStore, handlers: FollowHandlers): Follower
