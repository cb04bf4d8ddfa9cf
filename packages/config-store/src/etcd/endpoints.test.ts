// Several endpoints, not all of them alive.
import { startEtcd, startTcpProxy, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Etcd } from '@weir/testkit'
import { Mirror } from '../conformance/mirror.ts'
import { StoreUnavailableError } from '../store.ts'
import { createEtcdStore } from './etcd-store.ts'

/** Nothing listens there. */
const DEAD = 'http://127.0.0.1:1'

let etcd: Etcd
beforeAll(async () => {
  etcd = await startEtcd()
})
afterAll(() => etcd.stop())

test('with one endpoint alive every call succeeds, whichever is tried first', async () => {
  for (let round = 0; round < 10; round++) {
    const store = createEtcdStore({ host: [DEAD, etcd.url, DEAD], timeout: 30 })
    await store.put('/routes/1', `${round}`)
    expect((await store.get('/routes/1')).entry?.value).toBe(`${round}`)
    await store.close()
  }
})

test('with none alive a call fails at once, in the words of APISIX', async () => {
  const timeoutSeconds = 30
  const store = createEtcdStore({ host: [DEAD, DEAD], timeout: timeoutSeconds })
  const startedAt = performance.now()
  await expect(store.put('/routes/1', 'x')).rejects.toThrow(
    new StoreUnavailableError('has no healthy etcd endpoint available'),
  )
  expect(performance.now() - startedAt).toBeLessThan((timeoutSeconds * 1000) / 10)
  await store.close()
})

test('a follower moves from an endpoint that dies to the next one', async () => {
  const wires = await Promise.all([startTcpProxy(etcd.port), startTcpProxy(etcd.port)])
  const store = createEtcdStore({ host: wires.map(({ port }) => `http://127.0.0.1:${port}`), timeout: 5 })
  const mirror = new Mirror(store)
  await mirror.follower.initialized
  const write = async (value: string) => {
    // Nobody knows what became of a write whose connection broke under it, so the store does not repeat it.
    await until(() => store.put('/routes/1', value))
    await until(() => mirror.value('/routes/1') === value)
  }
  await write('both')
  await wires[0].stop()
  await write('the second')
  expect(mirror.complaints).toEqual([])
  mirror.follower.close()
  await store.close()
  await wires[1].stop()
})

test('a silent endpoint costs its share of the time, no more', async () => {
  const wire = await startTcpProxy(etcd.port)
  wire.stall()
  const store = createEtcdStore({ host: [`http://127.0.0.1:${wire.port}`, etcd.url], timeout: 8 })
  await expect(store.get('/routes/1')).resolves.toHaveProperty('revision')
  await expect(store.get('/routes/1')).resolves.toHaveProperty('revision')
  await store.close()
  await wire.stop()
})
