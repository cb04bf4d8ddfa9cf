import fc from 'fast-check'
import { expect, test } from 'vitest'
import { until } from '@weir/testkit'
import { follow } from '../follow.ts'
import { type StoreEntry, StoreUnavailableError } from '../store.ts'
import { StandaloneStore } from './standalone-store.ts'

function document(key: string, value: string, version?: number) {
  return { key, value, version }
}

/** What a follower believes. */
function copyOf(store: StandaloneStore) {
  const entries = new Map<string, StoreEntry>()
  const follower = follow(store, {
    onSnapshot: (all) => {
      for (const entry of all) entries.set(entry.key, entry)
    },
    onChanges: (changes) => {
      for (const change of changes) {
        if (change.type === 'put') entries.set(change.key, change.entry)
        else entries.delete(change.key)
      }
    },
  })
  return { follower, entries }
}

test('a follower waits for the first configuration, be it empty', async () => {
  const store = new StandaloneStore()
  const { follower } = copyOf(store)
  let isLoaded = false
  void follower.initialized.then(() => (isLoaded = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(isLoaded).toBe(false)
  await store.replace([])
  await follower.initialized
  follower.close()
  await store.close()
})

test('a configuration that cannot be read leaves the next one its turn', async () => {
  const store = new StandaloneStore()
  const broken = store.replace(
    (function* () {
      yield document('/routes/a', '1')
      throw new Error('unreadable')
    })(),
  )
  const next = store.replace([document('/routes/b', '2')])
  await expect(broken).rejects.toThrow('unreadable')
  await next
  expect((await store.list('/')).entries).toMatchObject([{ key: '/routes/b' }])
  await store.close()
})

test('what stays the same keeps its revision, what changes gets a new one', async () => {
  const store = new StandaloneStore()
  await store.replace([document('/routes/a', '1'), document('/routes/b', '1')])
  const before = await store.list('/')
  await store.replace([document('/routes/a', '1'), document('/routes/b', '2')])
  const after = await store.list('/')
  expect(after.entries[0]).toEqual(before.entries[0])
  expect(after.entries[1]?.modRevision).toBeGreaterThan(before.revision)
  expect(after.entries[1]?.createRevision).toBe(before.entries[1]?.createRevision)
})

test('the version that is in force stands for its text; another one, also a lower one, is news', async () => {
  const store = new StandaloneStore()
  const value = async () => (await store.get('/routes/a')).entry
  await store.replace([document('/routes/a', 'one', 5)])
  await store.replace([document('/routes/a', 'two', 5)])
  expect(await value()).toMatchObject({ value: 'one', modRevision: 5 })
  await store.replace([document('/routes/a', 'three', 4)])
  expect(await value()).toMatchObject({ value: 'three', modRevision: 4 })
})

test('nobody writes single keys, and a closed store says so', async () => {
  const store = new StandaloneStore()
  await expect(store.put()).rejects.toThrow(StoreUnavailableError)
  const listed = store.list('/')
  await store.close()
  await expect(listed).rejects.toThrow('closed')
})

const documents = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom('/routes/a', '/routes/b', '/routes/c', '/upstreams/a', '/upstreams/b'),
    value: fc.constantFrom('1', '2'),
  }),
  { selector: ({ key }) => key },
)

test('after any sequence of configurations a follower has the last one, in its order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(documents, { minLength: 1, maxLength: 6 }), async (configurations) => {
      const store = new StandaloneStore()
      const { follower, entries } = copyOf(store)
      for (const configuration of configurations) {
        await store.replace(configuration.map(({ key, value }) => document(key, value)))
        // Some of them meet the follower while it lists or opens its watch.
        await new Promise((resolve) => setImmediate(resolve))
      }
      const last = configurations.at(-1) ?? []
      await until(() => follower.status.revision === store.revision)
      expect(entries.size).toBe(last.length)
      for (const { key, value } of last) expect(entries.get(key)?.value).toBe(value)
      for (const kind of ['/routes/', '/upstreams/']) {
        const given = last.filter(({ key }) => key.startsWith(kind)).map(({ key }) => key)
        const aged = [...entries.values()]
          .filter(({ key }) => key.startsWith(kind))
          .toSorted((a, b) => a.createRevision - b.createRevision)
        expect(aged.map(({ key }) => key)).toEqual(given)
      }
      follower.close()
      await store.close()
    }),
    { numRuns: 40 },
  )
})
