// Many writers at once, through two control planes on one etcd. The store's own history is the witness: every version
// must come from the one before by exactly one answered write, and refer only to what existed at that moment.
import type { ConfigStore, StoreChange } from '@weir/config-store'
import { createEtcdStore } from '@weir/config-store/etcd'
import { isJsonObject, type JsonObject } from '@weir/contract'
import { startEtcd, until, type Etcd } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestPlane, type TestPlane } from '../testing/test-plane.ts'
import { mergePatch } from './merge.ts'

const WRITERS = 8
const WRITES = 12

const upstream = { nodes: { '127.0.0.1:1980': 1 } }

describe('writers at the same time', () => {
  let etcd: Etcd
  let stores: readonly ConfigStore[]
  let planes: readonly TestPlane[]
  beforeAll(async () => {
    etcd = await startEtcd()
    stores = [createEtcdStore({ host: [etcd.url] }), createEtcdStore({ host: [etcd.url] })]
    planes = await Promise.all(stores.map((store) => startTestPlane({ store })))
  })
  afterAll(async () => {
    for (const plane of planes) await plane.close()
    for (const store of stores) await store.close()
    await etcd.stop()
  })

  /** What happened in the store while `work` ran. */
  async function historyOf(work: () => Promise<unknown>): Promise<readonly StoreChange[]> {
    const [store] = stores
    if (store === undefined) throw new Error('there is no store')
    const { revision } = await store.get('/')
    const changes: StoreChange[] = []
    const watch = store.watch(revision + 1, {
      onChanges: (some) => changes.push(...some),
      onLost: () => {},
    })
    await work()
    await store.put('/end', 'x')
    await until(() => changes.some(({ key }) => key === '/end'))
    watch.close()
    return changes.filter(({ key }) => key !== '/end')
  }

  /** Calls `write` from all writers, each through one of the planes. */
  function together(write: (plane: TestPlane, writer: number, i: number) => Promise<unknown>) {
    return Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const plane = planes[writer % planes.length]
        if (plane === undefined) return
        for (let i = 0; i < WRITES; i += 1) await write(plane, writer, i)
      }),
    )
  }

  it('every PATCH that was answered 200 made one version, and no version lost one', async () => {
    await planes[0]?.put('/routes/1', { uri: '/a', upstream, labels: {} })
    const done = new Set<string>()
    const history = await historyOf(() =>
      together(async (plane, writer, i) => {
        const label = { [`w${writer}`]: `v${i}` }
        const { status, json } = await plane.patch('/routes/1', { labels: label })
        if (status === 200) done.add(JSON.stringify(label))
        else expect([status, json]).toEqual([503, { error_msg: 'value changed before overwritten' }])
      }),
    )
    let labels: JsonObject = {}
    for (const version of versionsOf(history, '/routes/1')) {
      const now = isJsonObject(version['labels']) ? version['labels'] : {}
      const changed = Object.keys(now).filter((name) => now[name] !== labels[name])
      expect(changed).toHaveLength(1)
      expect({ ...labels, ...now }).toEqual(now)
      const [name = ''] = changed
      expect(done.delete(JSON.stringify({ [name]: now[name] }))).toBe(true)
      labels = now
    }
    expect(done).toEqual(new Set())
  })

  it('a PUT replaces all, a PATCH changes what is there, in whatever order they come', async () => {
    await planes[0]?.put('/routes/2', { uri: '/a', upstream })
    const patches: JsonObject[] = []
    const puts: JsonObject[] = []
    const history = await historyOf(() =>
      together(async (plane, writer, i) => {
        const labels = { [`w${writer}`]: `v${i}` }
        if (writer % 4 === 0) {
          const document = { uri: '/a', upstream, labels }
          const { status } = await plane.put('/routes/2', document)
          expect(status).toBe(200)
          puts.push(document)
        } else if ((await plane.patch('/routes/2', { labels })).status === 200) patches.push({ labels })
      }),
    )
    const versions = versionsOf(history, '/routes/2')
    expect(versions).toHaveLength(puts.length + patches.length)
    let before: JsonObject = { uri: '/a', upstream }
    for (const version of versions) {
      const fromPut = puts.findIndex((document) => isSame(document, version))
      const fromPatch = patches.findIndex((patch) => {
        const merged = structuredClone(before)
        mergePatch(merged, patch)
        return isSame(merged, version)
      })
      // Both may be true of one version; whichever is left at the end shows in the lengths.
      if (fromPut >= 0) puts.splice(fromPut, 1)
      else expect(patches.splice(fromPatch, 1)).toHaveLength(1)
      expect(fromPut >= 0 || fromPatch >= 0).toBe(true)
      before = version
    }
    expect(new Set(versions.map(({ create_time: time }) => time)).size).toBe(1)
  })

  it('no route is stored without the upstream to which it refers', async () => {
    const statuses = new Set<number>()
    const history = await historyOf(() =>
      together(async (plane, writer, i) => {
        const id = `u${i % 3}`
        if (writer % 3 === 0) await plane.put(`/upstreams/${id}`, upstream)
        else if (writer % 3 === 1) await plane.delete(`/upstreams/${id}?force=true`)
        else statuses.add((await plane.put(`/routes/u${writer}`, { uri: '/a', upstream_id: id })).status)
      }),
    )
    for (const status of statuses) expect([200, 201, 400]).toContain(status)
    const present = new Set<string>()
    for (const change of history) {
      if (change.type === 'delete') present.delete(change.key)
      else present.add(change.key)
      const route =
        change.type === 'put' && change.key.startsWith('/routes/u') ? change.entry.value : undefined
      if (route === undefined) continue
      const { upstream_id: id } = JSON.parse(route) as { upstream_id: string }
      expect(present).toContain(`/upstreams/${id}`)
    }
  })

  it('no credential outlives its consumer, nor comes after it', async () => {
    const history = await historyOf(() =>
      together(async (plane, writer, i) => {
        if (writer % 3 === 0) await plane.put('/consumers', { username: 'jack' })
        else if (writer % 3 === 1) await plane.delete('/consumers/jack')
        else await plane.put(`/consumers/jack/credentials/c${writer}-${i}`, {})
      }),
    )
    let exists = false
    const credentials = new Set<string>()
    for (const [i, { key, type, revision }] of history.entries()) {
      if (type === 'delete') credentials.delete(key)
      if (key === '/consumers/jack') exists = type === 'put'
      else if (type === 'put') credentials.add(key)
      // What one revision does it does at once.
      if (!exists && history[i + 1]?.revision !== revision) expect(credentials).toEqual(new Set())
    }
  })
})

function versionsOf(history: readonly StoreChange[], key: string): JsonObject[] {
  return history
    .filter((change) => change.type === 'put')
    .filter((change) => change.key === key)
    .map(({ entry }) => JSON.parse(entry.value) as JsonObject)
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1)

/** But for the id and the times. */
function isSame(a: JsonObject, b: JsonObject): boolean {
  return essence(a) === essence(b)
}

function essence({ labels, uri }: JsonObject): string {
  return JSON.stringify([uri, isJsonObject(labels) ? Object.entries(labels).toSorted(byName) : labels])
}
