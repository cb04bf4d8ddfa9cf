import { startEtcd } from '@weir/testkit'
import { expect, test } from 'vitest'
import { createEtcdStore } from './etcd-store.ts'

test('etcd tells its version', async () => {
  const etcd = await startEtcd()
  const store = createEtcdStore({ host: [etcd.url], timeout: 20 })
  expect(await store.serverVersion?.()).toMatch(/^3\.\d+\.\d+/)
  await etcd.kill()
  await expect(store.serverVersion?.()).rejects.toThrow('has no healthy etcd endpoint available')
  await store.close()
  await etcd.stop()
})
