// Reading many keys as they were at one revision, without holding up the event loop.
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ScanPage } from '../scan.ts'
import type { ListResult, StoreEntry } from '../store.ts'
import { rangeOf, toEntry } from './database.ts'

/** Reading a page takes about 2 ms with documents of 1 KB. */
const PAGE_ENTRIES = 1_000

/** Reads on a connection of its own, whose transaction keeps seeing one state while others write. */
export async function list(path: string, prefix: string): Promise<ListResult> {
  const entries: StoreEntry[] = []
  let revision = 0
  for await (const page of scan(path, prefix)) {
    revision = page.revision
    for (const entry of page.entries) entries.push(entry)
  }
  return { revision, entries }
}

export async function* scan(path: string, prefix: string): AsyncGenerator<ScanPage> {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    db.exec('BEGIN')
    const range = rangeOf(prefix)
    const revision = Number(db.prepare('SELECT revision FROM newest').get()?.['revision'])
    const counted = db
      .prepare('SELECT count(*) AS entries FROM entries WHERE key >= ? AND key < ?')
      .get(...range)
    let left = Number(counted?.['entries'])
    const rows = db.prepare('SELECT * FROM entries WHERE key >= ? AND key < ? ORDER BY key').iterate(...range)
    let entries: StoreEntry[] = []
    for (const row of rows) {
      entries.push(toEntry(row))
      if (entries.length < PAGE_ENTRIES) continue
      yield { revision, entries, left }
      left -= entries.length
      entries = []
      await nextTurn()
    }
    yield { revision, entries, left }
  } finally {
    db.close()
  }
}
