// Reading many keys as they were at one revision, without holding up the event loop.
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ListResult, StoreEntry } from '../store.ts'
import { rangeOf, toEntry } from './database.ts'

/** Reading a page takes about 2 ms with documents of 1 KB. */
const PAGE_ENTRIES = 1_000

/** Reads on a connection of its own, whose transaction keeps seeing one state while others write. */
export async function list(path: string, prefix: string): Promise<ListResult> {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    db.exec('BEGIN')
    const revision = Number(db.prepare('SELECT revision FROM newest').get()?.['revision'])
    const rows = db
      .prepare('SELECT * FROM entries WHERE key >= ? AND key < ? ORDER BY key')
      .iterate(...rangeOf(prefix))
    const entries: StoreEntry[] = []
    for (const row of rows) {
      entries.push(toEntry(row))
      if (entries.length % PAGE_ENTRIES === 0) await nextTurn()
    }
    return { revision, entries }
  } finally {
    db.close()
  }
}
