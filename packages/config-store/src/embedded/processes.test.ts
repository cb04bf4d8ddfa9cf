// One file, several processes, and one of them killed in the middle of a write.
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { startProcess, until } from '@weir/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Mirror } from '../conformance/mirror.ts'
import { StoreUnavailableError } from '../store.ts'
import { createEmbeddedStore } from './embedded-store.ts'

const WRITER = fileURLToPath(new URL('acknowledging-writer.ts', import.meta.url))
const KILLS = 5

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-embedded-'))
  path = join(directory, 'data', 'store.db')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('what a process wrote and acknowledged before it was killed is there, and was seen by a follower', async () => {
  const store = createEmbeddedStore({ path })
  const mirror = new Mirror(store)
  await mirror.follower.initialized
  for (let round = 0; round < KILLS; round++) {
    const writer = await startProcess({
      command: process.execPath,
      args: [WRITER, path],
      ready: { output: new RegExp(`^${200 + round * 37} `, 'm') },
    })
    await writer.stop({ signal: 'SIGKILL' })
    // The last line may be cut off.
    const lines = writer.stdout.split('\n').slice(0, -1)
    const acknowledged = new Map(lines.map((line, index) => [`/routes/${index % 1_000}`, line]))
    for (const [key, line] of acknowledged) {
      const { entry } = await store.get(key)
      // One write may have been made without the time to say so.
      expect(entry?.modRevision).toBeGreaterThanOrEqual(Number(line.split(' ')[1]))
    }
    // The file is whole: it can be written, and a second process may open it.
    await store.put('/routes/after', `${round}`)
    const again = createEmbeddedStore({ path })
    expect((await again.get('/routes/after')).entry?.value).toBe(`${round}`)
    await again.close()
  }
  const { revision, entries } = await store.list('/')
  await until(() => mirror.follower.status.revision === revision)
  expect(mirror.list()).toEqual(entries)
  expect(mirror.complaints).toEqual([])
  mirror.follower.close()
  await store.close()
})

test('a follower that fell behind the kept history lists again and gets the difference', async () => {
  const store = createEmbeddedStore({ path, historyRevisionsMax: 10 })
  const mirror = new Mirror(store)
  await mirror.follower.initialized
  // In one transaction of SQLite, so that the follower cannot keep up: as if this process had been stopped.
  const { revision } = await store.put('/routes/1', 'x')
  await until(() => mirror.follower.status.revision === revision)
  const db = new DatabaseSync(path)
  db.exec('BEGIN IMMEDIATE')
  for (let next = revision + 1; next <= revision + 50; next++) {
    db.prepare("INSERT OR REPLACE INTO entries VALUES ('/routes/2', 'y', ?, ?, NULL)").run(revision + 1, next)
  }
  db.prepare('DELETE FROM changes').run()
  db.prepare("INSERT INTO changes VALUES (?, '/routes/2', 'y', ?)").run(revision + 50, revision + 1)
  db.prepare('UPDATE newest SET revision = ?').run(revision + 50)
  db.exec('COMMIT')
  db.close()
  await until(() => mirror.value('/routes/2') === 'y')
  expect(mirror.follower.status.lastError).toContain('no longer kept')
  expect(mirror.changes).toBe(2)
  expect(mirror.complaints).toEqual([])
  mirror.follower.close()
  await store.close()
})

test('the file is for its owner only', async () => {
  const store = createEmbeddedStore({ path })
  await store.put('/routes/1', 'x')
  for (const suffix of ['', '-wal', '-shm']) expect((await stat(path + suffix)).mode & 0o077).toBe(0)
  await store.close()
})

test('the history in the file stays bounded', async () => {
  const store = createEmbeddedStore({ path, historyRevisionsMax: 10 })
  for (let index = 0; index < 100; index++) await store.put('/routes/1', `${index}`)
  await store.close()
  const db = new DatabaseSync(path, { readOnly: true })
  expect(db.prepare('SELECT count(*) AS n FROM changes').get()?.['n']).toBe(11)
  db.close()
})

test('a key whose time ran out while no process was there is gone at the next start', async () => {
  const store = createEmbeddedStore({ path })
  await store.put('/routes/1', 'x', { ttlSeconds: 0.001 })
  await store.close()
  const reopened = createEmbeddedStore({ path })
  await until(async () => (await reopened.get('/routes/1')).entry === undefined)
  expect((await reopened.list('/')).entries).toEqual([])
  await reopened.close()
})

test('a file of another kind or version is refused and left alone', async () => {
  await createEmbeddedStore({ path }).close()
  const db = new DatabaseSync(path)
  db.exec('PRAGMA user_version = 99')
  db.close()
  expect(() => createEmbeddedStore({ path })).toThrow(StoreUnavailableError)
  expect(() => createEmbeddedStore({ path: WRITER })).toThrow('file is not a database')
  expect(() => createEmbeddedStore({ path: `${WRITER}/store.db` })).toThrow(StoreUnavailableError)
})
