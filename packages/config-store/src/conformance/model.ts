// What a store is, in a few lines, to compare the real ones with.
import type { StoreEntry } from '../store.ts'

export class StoreModel {
  readonly entries = new Map<string, Omit<StoreEntry, 'key'>>()
  /** How many single changes there were; a deletion of many keys counts each of them. */
  changes = 0

  put(key: string, value: string, revision: number): void {
    const createRevision = this.entries.get(key)?.createRevision ?? revision
    this.entries.set(key, { value, createRevision, modRevision: revision })
    this.changes++
  }

  deleteAll(isMeant: (key: string) => boolean): number {
    const keys = [...this.entries.keys()].filter(isMeant)
    for (const key of keys) this.entries.delete(key)
    this.changes += keys.length
    return keys.length
  }

  get(key: string): StoreEntry | undefined {
    const entry = this.entries.get(key)
    return entry && { key, ...entry }
  }

  list(prefix: string): StoreEntry[] {
    const keys = [...this.entries.keys()].filter((key) => key.startsWith(prefix)).toSorted()
    return keys.map((key) => ({ key, ...this.entries.get(key)! }))
  }
}
