// Writes down what a watch says.
import { expect } from 'vitest'
import type { ConfigStore, StoreChange, StoreEntry, WatchLoss } from '../store.ts'

export interface RecordedWatch {
  readonly changes: readonly StoreChange[]
  /** The same, as they arrived together. */
  readonly batches: readonly (readonly StoreChange[])[]
  /** The newest revision of the store when the watch was opened. */
  readonly opened: number | undefined
  readonly loss: WatchLoss | undefined
  /** What is left after all changes, sorted by key. */
  replayed(): StoreEntry[]
  close(): void
}

export function recordWatch(store: ConfigStore, fromRevision: number): RecordedWatch {
  const batches: (readonly StoreChange[])[] = []
  let opened: number | undefined
  let loss: WatchLoss | undefined
  let delivered = fromRevision - 1
  const watch = store.watch(fromRevision, {
    onOpen(revision) {
      opened = revision
    },
    onChanges(changes, revision) {
      const revisions = changes.map((change) => change.revision)
      expect(revisions[0]).toBeGreaterThan(delivered)
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))
      expect(revision).toBeGreaterThanOrEqual(revisions.at(-1) ?? Infinity)
      delivered = revision
      batches.push(changes)
    },
    onLost(reason) {
      loss = reason
    },
  })
  return {
    batches,
    get changes() {
      return batches.flat()
    },
    get opened() {
      return opened
    },
    get loss() {
      return loss
    },
    replayed() {
      const entries = new Map<string, StoreEntry>()
      for (const change of batches.flat()) {
        if (change.type === 'put') entries.set(change.key, change.entry)
        else entries.delete(change.key)
      }
      return [...entries.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
    },
    close: () => watch.close(),
  }
}
