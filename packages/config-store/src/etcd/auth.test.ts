// An etcd that asks for a user.
import { type Etcd, startEtcd, until } from '@weir/testkit'
import { Etcd3 } from 'etcd3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Mirror } from '../conformance/mirror.ts'
import { type ConfigStore, StoreUnavailableError } from '../store.ts'
import { createEtcdStore } from './etcd-store.ts'

const PASSWORD = 'let-me-in-please'

let etcd: Etcd
let admin: Etcd3
let store: ConfigStore

beforeAll(async () => {
  etcd = await startEtcd()
  admin = new Etcd3({ hosts: etcd.url })
  const role = await admin.role('config').create()
  await role.grant({ permission: 'Readwrite', range: admin.range({ prefix: '/apisix' }) })
  await (await admin.user('weir').create(PASSWORD)).addRole('config')
  await (await admin.user('root').create('root')).addRole('root')
  await admin.auth.authEnable()
  admin.close()
  admin = new Etcd3({ hosts: etcd.url, auth: { username: 'root', password: 'root' } })
  store = createEtcdStore({ host: [etcd.url], user: 'weir', password: PASSWORD, timeout: 20 })
})

afterAll(async () => {
  await store.close()
  admin.close()
  await etcd.stop()
})

test('a user with the right to the prefix reads, writes and watches', async () => {
  const mirror = new Mirror(store)
  await mirror.follower.initialized
  await store.initialize()
  await store.put('/routes/1', 'x')
  await until(() => mirror.value('/routes/1') === 'x')
  mirror.follower.close()
  expect(mirror.complaints).toEqual([])
})

test('tokens that etcd has forgotten are renewed, for calls and for the watch', async () => {
  const mirror = new Mirror(store)
  await mirror.follower.initialized
  await etcd.restart()
  await store.put('/routes/1', 'after the restart')
  await until(() => mirror.value('/routes/1') === 'after the restart')
  mirror.follower.close()
  expect(mirror.complaints).toEqual([])
})

test('a change of users or roles, which makes every token outdated, goes unnoticed', async () => {
  await store.get('/routes/1')
  await admin.role('another').create()
  await expect(store.put('/routes/1', 'still allowed')).resolves.toMatchObject({ created: false })
})

test('a wrong password is a clear error that does not contain it', async () => {
  const stranger = createEtcdStore({ host: [etcd.url], user: 'weir', password: 'a-wrong-guess', timeout: 20 })
  const error = await stranger.get('/routes/1').catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(StoreUnavailableError)
  expect(String(error)).toContain('authentication failed')
  expect(String(error)).not.toContain('a-wrong-guess')
  await stranger.close()
})

test('no user at all is a clear error, and a follower waits until it is let in', async () => {
  const stranger = createEtcdStore({ host: [etcd.url], timeout: 20 })
  await expect(stranger.get('/routes/1')).rejects.toThrow(StoreUnavailableError)
  const mirror = new Mirror(stranger)
  await until(() => mirror.follower.status.lastError)
  await admin.auth.authDisable()
  await mirror.follower.initialized
  mirror.follower.close()
  await stranger.close()
})
