// What every store must do, run against each of them.
import { until } from '@weir/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIRECTORIES } from '../directories.ts'
import type { ScannableStore } from '../scan.ts'
import { type ConfigStore, type KeyState, type StoreEntry, StoreUnavailableError } from '../store.ts'
import { storeCommands } from './commands.ts'
import { StoreModel } from './model.ts'
import { recordWatch } from './record-watch.ts'

/** A place where stores can be opened, one beside the other. */
export interface Place {
  /** Opens a store on an empty region of the place. */
  openEmpty(): Promise<ScannableStore>
  /** Opens a second store on the same region. */
  openAgain(store: ConfigStore): Promise<ConfigStore>
  /** Makes the store forget its history up to now. */
  compact(store: ConfigStore): Promise<void>
  close(): Promise<void>
}

const PROPERTY_RUNS = 20
const ROUTE = '/routes/1'

export function describeConfigStore(name: string, openPlace: () => Promise<Place>): void {
  describe(`${name} is a store of configuration`, () => {
    let place: Place
    beforeAll(async () => {
      place = await openPlace()
    })
    afterAll(() => place.close())

    async function withStore(body: (store: ScannableStore) => Promise<void>): Promise<void> {
      const store = await place.openEmpty()
      try {
        await body(store)
      } finally {
        await store.close()
      }
    }

    test('any sequence of calls answers as the model does, and a watch tells the same story', async () => {
      await fc.assert(
        fc.asyncProperty(storeCommands, (commands) =>
          withStore(async (store) => {
            const { revision } = await store.get('/')
            const watch = recordWatch(store, revision + 1)
            const model = new StoreModel()
            await fc.asyncModelRun(() => ({ model, real: store }), commands)
            await until(() => watch.changes.length >= model.changes, { what: 'all changes' })
            watch.close()
            const { entries } = await store.list('/')
            expect(watch.replayed()).toEqual(entries)
            expect(watch.changes).toHaveLength(model.changes)
          }),
        ),
        { numRuns: PROPERTY_RUNS },
      )
    })

    test('a write tells what it replaced, and keeps the revision at which the key came into being', () =>
      withStore(async (store) => {
        const first = await store.put(ROUTE, '{"a":1}')
        expect(first).toEqual({ revision: first.revision, created: true })
        const second = await store.put(ROUTE, '{"a":2}')
        expect(second).toEqual({
          revision: first.revision + 1,
          created: false,
          previous: {
            key: ROUTE,
            value: '{"a":1}',
            createRevision: first.revision,
            modRevision: first.revision,
          },
        })
        const { entry } = await store.get(ROUTE)
        expect(entry).toEqual({
          key: ROUTE,
          value: '{"a":2}',
          createRevision: first.revision,
          modRevision: second.revision,
        })
      }))

    test('of many compare-and-swaps from the same state exactly one succeeds', () =>
      withStore(async (store) => {
        const other = await place.openAgain(store)
        const { revision } = await store.put(ROUTE, '0')
        const attempts = Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? store : other).compareAndSwap(ROUTE, revision, `${index}`),
        )
        const results = await Promise.all(attempts)
        expect(results.filter((result) => result !== 'conflict')).toHaveLength(1)
        await other.close()
      }))

    test('a compare-and-swap keeps to the other keys that it names', () =>
      withStore(async (store) => {
        const { revision } = await store.put('/upstreams/u', '1')
        const there = { key: '/upstreams/u', modRevision: revision }
        const absent = { key: '/upstreams/none', modRevision: 0 }
        const write = (...unchanged: KeyState[]) => store.compareAndSwap(ROUTE, 0, 'x', { unchanged })
        expect(await write({ ...there, modRevision: 0 })).toBe('conflict')
        expect(await write(there, { ...absent, modRevision: 1 })).toBe('conflict')
        expect((await store.get(ROUTE)).entry).toBeUndefined()
        expect(await write(there, absent)).toHaveProperty('revision')
        await store.delete(ROUTE)
        await store.put('/upstreams/u', '2')
        expect(await write(there)).toBe('conflict')
        await store.delete('/upstreams/u')
        expect(await write(there)).toBe('conflict')
        const overwrite = () => store.compareAndSwap(ROUTE, 'any', 'y', { unchanged: [absent] })
        expect(await overwrite()).toMatchObject({ created: true })
        expect(await overwrite()).toMatchObject({ created: false })
        await store.put(absent.key, '1')
        expect(await overwrite()).toBe('conflict')
      }))

    test('a scan shows what a list shows, page by page, whatever is written meanwhile', () =>
      withStore(async (store) => {
        const puts = Array.from({ length: 2_500 }, (_, index) => store.put(`/routes/${index}`, 'x'))
        await Promise.all(puts)
        await store.put('/services/1', 'x')
        const listed = await store.list('/routes/')
        const scanned: StoreEntry[] = []
        for await (const { revision, entries, left } of store.scan('/routes/')) {
          expect(revision).toBe(listed.revision)
          expect(left).toBe(listed.entries.length - scanned.length)
          scanned.push(...entries)
          await store.put('/routes/9999', 'later')
        }
        expect(scanned).toEqual(listed.entries)
        for await (const { entries, left } of store.scan('/none/')) expect([entries, left]).toEqual([[], 0])
      }))

    test('generated ids have 20 digits and never repeat, however many are asked for at once', () =>
      withStore(async (store) => {
        const other = await place.openAgain(store)
        const ids = await Promise.all(
          Array.from({ length: 40 }, (_, index) => (index % 2 ? store : other).allocateId()),
        )
        expect(new Set(ids).size).toBe(40)
        for (const id of ids) expect(id).toMatch(/^\d{20}$/)
        expect((await store.get('/gen_id')).entry?.value).toBe('1')
        await other.close()
      }))

    test('placeholders are written once', () =>
      withStore(async (store) => {
        await store.initialize()
        const { revision, entries } = await store.list('/')
        expect(entries.map(({ key }) => key)).toEqual(
          DIRECTORIES.map((directory) => `/${directory}/`).toSorted(),
        )
        expect(new Set(entries.map(({ value }) => value))).toEqual(new Set(['init_dir']))
        await store.initialize()
        expect((await store.get('/routes/')).revision).toBe(revision)
      }))

    test('a list holds one directory only, sorted by the bytes of the keys', () =>
      withStore(async (store) => {
        const ids = ['b', 'a', 'ä', 'a/c', '中', '\u{1f600}', 'Z', '-']
        for (const id of ids) await store.put(`/routes/${id}`, '{}')
        await store.put('/routes2/a', '{}')
        await store.put('/route', '{}')
        const { entries } = await store.list('/routes/')
        const byBytes = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect(entries.map(({ key }) => key)).toEqual(byBytes.map((id) => `/routes/${id}`))
      }))

    test('a list of 30 MB arrives whole, and the event loop runs on meanwhile', () =>
      withStore(async (store) => {
        const count = 3_000
        const value = JSON.stringify({ desc: 'x'.repeat(10_000) })
        for (let first = 0; first < count; first += 100) {
          const batch = Array.from({ length: 100 }, (_, index) =>
            store.put(`/routes/${first + index}`, value),
          )
          await Promise.all(batch)
        }
        let turns = 0
        const counter = setInterval(() => turns++)
        const { entries } = await store.list('/')
        clearInterval(counter)
        expect(entries).toHaveLength(count)
        expect(turns).toBeGreaterThan(2)
      }))

    test('values are kept to the letter', () =>
      withStore(async (store) => {
        const values = ['', ' ', 'init_dir', '{"a":"\\u0000 \u{1f600} ä"}', 'x'.repeat(1_000_000)]
        for (const value of values) {
          await store.put(ROUTE, value)
          expect((await store.get(ROUTE)).entry?.value).toBe(value)
        }
      }))

    test('a value that is too large is refused and changes nothing', () =>
      withStore(async (store) => {
        await store.put(ROUTE, 'small')
        await expect(store.put(ROUTE, 'x'.repeat(2_000_000))).rejects.toThrow(StoreUnavailableError)
        expect((await store.get(ROUTE)).entry?.value).toBe('small')
      }))

    test('a key with a ttl vanishes by itself, one written again without does not', () =>
      withStore(async (store) => {
        const { revision } = await store.put(ROUTE, 'short', { ttlSeconds: 1 })
        await store.put('/routes/2', 'short', { ttlSeconds: 1 })
        await store.put('/routes/2', 'long')
        await store.compareAndSwap('/routes/3', 0, 'short', { ttlSeconds: 1 })
        const watch = recordWatch(store, revision)
        await until(() => watch.replayed().length === 1, { what: 'the end of two keys' })
        watch.close()
        expect((await store.list('/')).entries.map(({ value }) => value)).toEqual(['long'])
      }))

    test('a watch from the past replays; what one call deleted has one revision and arrives together', () =>
      withStore(async (store) => {
        const { revision } = await store.put('/routes/1', 'a')
        await store.put('/routes/2', 'b')
        expect(await store.deletePrefix('/routes/')).toBe(2)
        const watch = recordWatch(store, revision)
        await until(() => watch.changes.length === 4)
        const summary = watch.changes.map((change) => [change.type, change.key, change.revision - revision])
        expect(summary).toEqual([
          ['put', '/routes/1', 0],
          ['put', '/routes/2', 1],
          ['delete', '/routes/1', 2],
          ['delete', '/routes/2', 2],
        ])
        expect(watch.batches.at(-1)?.filter(({ type }) => type === 'delete')).toHaveLength(2)
        watch.close()
      }))

    test('a watch hears what another store on the same place writes', () =>
      withStore(async (store) => {
        const other = await place.openAgain(store)
        const { revision } = await store.get('/')
        const watch = recordWatch(store, revision + 1)
        await until(() => watch.opened !== undefined)
        await other.put(ROUTE, 'x')
        await until(() => watch.changes.length === 1)
        expect(watch.replayed().map(({ key }) => key)).toEqual([ROUTE])
        watch.close()
        await other.close()
      }))

    test('a closed watch hears nothing more', () =>
      withStore(async (store) => {
        const { revision } = await store.put(ROUTE, '1')
        const closed = recordWatch(store, revision + 1)
        await until(() => closed.opened !== undefined)
        closed.close()
        const witness = recordWatch(store, revision + 1)
        await store.put(ROUTE, '2')
        await until(() => witness.changes.length === 1)
        expect(closed.changes).toEqual([])
        expect(closed.loss).toBeUndefined()
        witness.close()
      }))

    test('a watch from before a compaction is lost as compacted, one from now on is not', () =>
      withStore(async (store) => {
        const { revision } = await store.put(ROUTE, '1')
        for (let index = 0; index < 5; index++) await store.put(ROUTE, `${index}`)
        await place.compact(store)
        const past = recordWatch(store, revision)
        await until(() => past.loss)
        expect(past.loss?.kind).toBe('compacted')
        const { revision: newest } = await store.get(ROUTE)
        const now = recordWatch(store, newest + 1)
        await until(() => now.opened !== undefined)
        await store.put(ROUTE, 'after')
        await until(() => now.changes.length === 1)
        now.close()
      }))

    test('a watch from a revision that the store has not reached is lost as rewound', () =>
      withStore(async (store) => {
        const { revision } = await store.put(ROUTE, '1')
        const watch = recordWatch(store, revision + 10)
        await until(() => watch.loss)
        expect(watch.loss?.kind).toBe('rewound')
      }))

    test('a closed store refuses its service', async () => {
      const store = await place.openEmpty()
      await store.close()
      await expect(store.get(ROUTE)).rejects.toThrow(StoreUnavailableError)
      await expect(store.put(ROUTE, '')).rejects.toThrow(StoreUnavailableError)
    })
  })
}
