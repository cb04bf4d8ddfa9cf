// etcd away, frozen, back, emptied: 503 while it lasts, and nothing that has to be done by hand afterwards.
import type { ConfigStore } from '@weir/config-store'
import { createEtcdStore } from '@weir/config-store/etcd'
import { startEtcd, until, type Etcd } from '@weir/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestPlane, type TestPlane } from '../testing/test-plane.ts'

const upstream = { nodes: { '127.0.0.1:1980': 1 } }

describe('the store', () => {
  let etcd: Etcd
  let store: ConfigStore
  let plane: TestPlane
  beforeEach(async () => {
    etcd = await startEtcd()
    store = createEtcdStore({ host: [etcd.url], timeout: 4 })
    plane = await startTestPlane({ store })
  })
  afterEach(async () => {
    await plane.close()
    await store.close()
    await etcd.stop()
  })

  const calls = () => [
    plane.get('/upstreams/1'),
    plane.get('/upstreams'),
    plane.put('/upstreams/1', upstream),
    plane.post('/upstreams', upstream),
    plane.patch('/upstreams/1', { desc: 'x' }),
    plane.delete('/upstreams/1?force=true'),
  ]

  it.each(['kill', 'freeze'] as const)(
    'away by %s is answered 503, and works again when it is back',
    async (how) => {
      await plane.put('/upstreams/1', upstream)
      await etcd[how]()
      for (const answer of await Promise.all(calls())) {
        expect(answer.status).toBe(503)
        expect(answer.json).toEqual({ error_msg: expect.stringMatching(/./) })
      }
      const refused = await plane.put('/routes/1', { uri: '/a', upstream_id: '1' })
      expect(refused.status).toBe(400)
      expect(refused.text).toContain('failed to fetch upstream info by upstream id [1]: ')
      await (how === 'kill' ? etcd.restart() : etcd.thaw())
      await until(async () => (await plane.put('/upstreams/2', upstream)).status < 300)
      await until(async () => (await plane.get('/upstreams')).status === 200)
      expect((await plane.put('/routes/1', { uri: '/a', upstream_id: '2' })).status).toBe(201)
      expect((await plane.delete('/upstreams/2')).status).toBe(400)
    },
  )

  it('emptied gets its placeholders back, and the lists follow', async () => {
    await plane.put('/upstreams/1', upstream)
    await etcd.wipe()
    await until(async () => (await plane.get('/upstreams')).text === '{"total":0,"list":[]}\n')
    await until(async () => (await store.get('/routes/')).entry !== undefined)
    expect((await plane.put('/upstreams/1', upstream)).status).toBe(201)
    expect((await plane.delete('/upstreams/1')).status).toBe(200)
  })

  it('emptied before its placeholders came round gets them back, too', async () => {
    await etcd.wipe()
    await until(async () => (await store.get('/routes/')).entry !== undefined)
  })

  it('restored from a backup counts from an older revision', async () => {
    await plane.put('/upstreams/old', upstream)
    await etcd.save()
    await until(async () => (await plane.put('/upstreams/new', upstream)).status < 300)
    await plane.put('/routes/1', { uri: '/a', upstream_id: 'old' })
    await etcd.restore()
    await until(async () => (await plane.get('/upstreams')).text.includes('"total":1'))
    await until(async () => (await plane.delete('/upstreams/old')).status === 200)
  })
})

it('starts while the store is away', async () => {
  const etcd = await startEtcd()
  await etcd.kill()
  const store = createEtcdStore({ host: [etcd.url], timeout: 4 })
  const plane = await startTestPlane({ store })
  expect((await plane.get('/upstreams')).status).toBe(503)
  await etcd.restart()
  await plane.initialized
  await until(async () => (await plane.get('/upstreams')).status === 200)
  await plane.close()
  await store.close()
  await etcd.stop()
})
