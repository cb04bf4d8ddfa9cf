// The documents as the store has them, kept once per process: what new workers are given and the control API shows.
import type { StoreChange, StoreEntry } from '@weir/config-store'

export class Feed {
  readonly #entries = new Map<string, StoreEntry>()
  readonly #newest = new Map<string, number>()
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
    return [...this.#entries.values()]
  }

  /** By directory, the revision of its newest document or of the last deletion. */
  get newestRevisions(): ReadonlyMap<string, number> {
    return this.#newest
  }

  get(key: string): StoreEntry | undefined {
    return this.#entries.get(key)
  }

  load(entries: readonly StoreEntry[], revision: number): void {
    for (const entry of entries) {
      this.#entries.set(entry.key, entry)
      this.#note(entry.key, entry.modRevision)
    }
    this.#revision = revision
    this.#loaded = true
  }

  apply(changes: readonly StoreChange[], revision: number): void {
    for (const change of changes) {
      if (change.type === 'put') this.#entries.set(change.key, change.entry)
      else this.#entries.delete(change.key)
      this.#note(change.key, change.revision)
    }
    this.#revision = revision
  }

  #note(key: string, revision: number): void {
    const directory = key.slice(1, key.indexOf('/', 1))
    this.#newest.set(directory, Math.max(revision, this.#newest.get(directory) ?? 0))
  }
}

/** The changes that bring an empty configuration to `entries`. */
export function toChanges(entries: readonly StoreEntry[]): StoreChange[] {
  return entries.map((entry) => ({ type: 'put', key: entry.key, revision: entry.modRevision, entry }))
}
