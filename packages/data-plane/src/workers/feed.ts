// The documents as the store has them, kept once per process: what new workers are given and the control API shows.
import type { StoreChange, StoreEntry } from '@weir/config-store'
import { ChangeQueue } from './change-queue.ts'

export class Feed {
  readonly #entries = new Map<string, StoreEntry>()
  readonly #newest = new Map<string, number>()
  /** A first load of 100,000 documents takes its turns; whoever asks meanwhile waits for the rest. */
  readonly #changes = new ChangeQueue((changes) => this.#take(changes))
  #revision = 0
  #loaded = false

  /** 0 before the first load. */
  get revision(): number {
    return this.#revision
  }

  get loaded(): boolean {
    return this.#loaded
  }

  get entries(): readonly StoreEntry[] {
    this.#changes.flush()
    return [...this.#entries.values()]
  }

  /** By directory, the revision of its newest document or of the last deletion. */
  get newestRevisions(): ReadonlyMap<string, number> {
    this.#changes.flush()
    return this.#newest
  }

  get(key: string): StoreEntry | undefined {
    this.#changes.flush()
    return this.#entries.get(key)
  }

  load(entries: readonly StoreEntry[], revision: number): void {
    this.apply(toChanges(entries), revision)
    this.#loaded = true
  }

  apply(changes: readonly StoreChange[], revision: number): void {
    this.#changes.add(changes, revision)
    this.#revision = revision
  }

  #take(changes: readonly StoreChange[]): void {
    for (const change of changes) {
      if (change.type === 'put') this.#entries.set(change.key, change.entry)
      else this.#entries.delete(change.key)
      const directory = change.key.slice(1, change.key.indexOf('/', 1))
      this.#newest.set(directory, Math.max(change.revision, this.#newest.get(directory) ?? 0))
    }
  }
}

/** The changes that bring an empty configuration to `entries`. */
export function toChanges(entries: readonly StoreEntry[]): StoreChange[] {
  return entries.map((entry) => ({ type: 'put', key: entry.key, revision: entry.modRevision, entry }))
}
