// A copy of the store as a follower's handlers see it, which notices every event that should not have come.
import type { Follower, FollowerStatus, FollowHandlers } from '../follow.ts'
import { follow } from '../follow.ts'
import type { ConfigStore, StoreChange, StoreEntry } from '../store.ts'

export interface MirrorOptions {
  /** The store's history may go back (restore, wipe): then revisions may, too. */
  readonly mayRewind?: boolean
}

export class Mirror {
  /** What was wrong with the order or the novelty of events. */
  readonly complaints: string[] = []
  readonly statuses: FollowerStatus[] = []
  readonly follower: Follower
  /** How many changes arrived after the snapshot. */
  changes = 0
  readonly #entries = new Map<string, StoreEntry>()
  readonly #mayRewind: boolean
  #snapshots = 0
  #revision = 0

  constructor(store: ConfigStore, { mayRewind = false }: MirrorOptions = {}) {
    this.#mayRewind = mayRewind
    this.follower = follow(store, {
      onSnapshot: (entries, revision) => this.#onSnapshot(entries, revision),
      onChanges: (changes, revision) => this.#onChanges(changes, revision),
      onStatus: (status) => this.statuses.push(status),
    } satisfies FollowHandlers)
  }

  value(key: string): string | undefined {
    return this.#entries.get(key)?.value
  }

  get size(): number {
    return this.#entries.size
  }

  /** Everything, in the form and order of a list. */
  list(): StoreEntry[] {
    return [...this.#entries.values()].toSorted((a, b) =>
      Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
    )
  }

  #onSnapshot(entries: readonly StoreEntry[], revision: number): void {
    if (++this.#snapshots > 1) this.complaints.push('a second snapshot')
    for (const entry of entries) this.#entries.set(entry.key, entry)
    this.#revision = revision
  }

  #onChanges(changes: readonly StoreChange[], revision: number): void {
    if (this.#snapshots === 0) this.complaints.push('a change before the snapshot')
    if (changes.length === 0) this.complaints.push('no changes')
    this.changes += changes.length
    let before = this.#mayRewind ? 0 : this.#revision + 1
    for (const change of changes) {
      if (change.revision < before) this.complaints.push(`${change.revision} came after ${before}`)
      before = change.revision
      if (change.type === 'delete') {
        if (!this.#entries.delete(change.key)) this.complaints.push(`${change.key} was deleted twice`)
      } else {
        const known = this.#entries.get(change.key)
        if (known?.modRevision === change.revision && known.value === change.entry.value) {
          this.complaints.push(`${change.key} came twice`)
        }
        this.#entries.set(change.key, change.entry)
      }
    }
    if (revision < before) this.complaints.push(`revision ${revision} is behind its changes`)
    this.#revision = revision
  }
}
