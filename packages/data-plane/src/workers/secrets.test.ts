// References to secrets in a running data plane, with a real Vault's protocol behind them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { createCipher, parseSettings } from '@weir/contract'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { rawRequest, startVaultServer, until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { startDataPlane } from './start.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const keyReference = '$secret://vault/1/jack/key'

/** A route that asks for a key, whose owner stands in Vault, and whatever `more` puts beside it. */
async function start(workers: number, more: Record<string, unknown> = {}) {
  const vault = await startVaultServer()
  cleanups.push(() => vault.close())
  vault.secrets.set('kv/jack', { key: 'one' })
  const directory = await mkdtemp(join(tmpdir(), 'weir-secrets-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const store = createEmbeddedStore({ path: join(directory, 'weir.db') })
  cleanups.push(() => store.close())
  const put = async (key: string, document: unknown) => void (await store.put(key, JSON.stringify(document)))
  const documents = {
    '/secrets/vault/1': { uri: vault.url, prefix: 'kv', token: vault.token },
    '/consumers/jack': { username: 'jack', plugins: { 'key-auth': { key: keyReference } } },
    '/routes/1': { uri: '/a', plugins: { 'key-auth': {}, thread: { text: 'served' } } },
    ...more,
  }
  for (const [key, document] of Object.entries(documents)) await put(key, document)
  const settings = parseSettings(
    JSON.stringify({
      apisix: {
        node_listen: [{ ip: '127.0.0.1', port: 0 }],
        ssl: { enable: false },
        control: { port: 0 },
        status: { port: 0 },
        lru: { secret: { ttl: 1, neg_ttl: 1 } },
      },
      nginx_config: { worker_processes: workers, http: { enable_access_log: false } },
      plugin_attr: { prometheus: { export_addr: { port: 0 } } },
    }),
    {},
  )
  const log = new RecordingLogger()
  const begin = async () => {
    const plane = await startDataPlane({
      settings,
      store,
      enabledPlugins: undefined,
      pluginModules: [new URL('testing/thread-plugin.ts', import.meta.url).href],
      version: '0',
      log,
    })
    cleanups.push(() => plane.close())
    const port = plane.addresses[0]?.port ?? 0
    return (apikey: string, path = '/a') => rawRequest({ port, path, headers: { apikey } })
  }
  return { vault, store, put, log, begin }
}

describe.each([1, 2])('with %i serving threads', (workers) => {
  test('the first request finds the secrets there, and a rotated one takes effect by itself', async () => {
    const { vault, begin, log } = await start(workers)
    const get = await begin()
    expect((await get('one')).status).toBe(200)
    expect((await get(keyReference)).status).toBe(401)
    vault.secrets.set('kv/jack', { key: 'two' })
    await until(async () => (await get('two')).status === 200)
    await until(async () => (await get('one')).status === 401)
    expect(JSON.stringify(log.lines)).not.toMatch(/"one"|"two"|vault-token/)
  })

  test('a manager that fails takes nothing away, one without the secret does', async () => {
    const { vault, begin, log } = await start(workers)
    const get = await begin()
    vault.setFault('fail')
    await until(() => log.lines.some(({ fields }) => fields['last_known_stays'] === true))
    expect((await get('one')).status).toBe(200)
    vault.secrets.clear()
    vault.setFault(undefined)
    await until(async () => (await get('one')).status === 401)
    expect((await get(keyReference)).status).toBe(401)
    expect(log.lines.map(({ message }) => message)).toContain('failed to resolve secret reference')
  })
})

test('an encrypted reference is decrypted and then resolved', async () => {
  const cipher = createCipher(['qeddd145sfvddff3'])
  const { begin } = await start(1, {
    '/consumers/jack': { username: 'jack', plugins: { 'key-auth': { key: cipher.encrypt(keyReference) } } },
  })
  expect((await (await begin())('one')).status).toBe(200)
})

test('a manager that hangs: nobody gets in, nothing else is held up, and all is well when it is back', async () => {
  const guarded = { uri: '/b', plugins: { thread: { text: '$secret://vault/1/jack/key' } } }
  const { vault, begin, put } = await start(1, {
    '/routes/2': guarded,
    '/routes/3': { uri: '/c', plugins: { thread: { text: 'c' } } },
  })
  vault.setFault('hang')
  const get = await begin()
  expect((await get('one')).status).toBe(401)
  expect((await get('one', '/c')).status).toBe(200)
  const refused = await get('one', '/b')
  expect(refused).toMatchObject({ status: 503, text: expect.stringContaining('waits for its secrets') })
  await put('/routes/3', { uri: '/c', plugins: { thread: { text: 'changed' } } })
  await until(async () => (await get('one', '/c')).text.includes('changed'))
  // An edit that needs a secret leaves the old version in force until that is known.
  await put('/routes/3', { uri: '/c', plugins: { thread: { text: keyReference } } })
  await put('/routes/4', { uri: '/d', plugins: { thread: { text: 'd' } } })
  await until(async () => (await get('one', '/d')).status === 200)
  expect((await get('one', '/c')).text).toContain('changed')
  vault.setFault(undefined)
  await until(async () => (await get('one')).status === 200)
  await until(async () => (await get('one', '/b')).text.includes('one'))
  await until(async () => (await get('one', '/c')).text.includes('one'))
})

test('what stays unresolved stays as text, except where it would guard something', async () => {
  const { begin } = await start(1, {
    '/routes/2': { uri: '/b', plugins: { thread: { text: '$secret://vault/9/x/y' } } },
    '/routes/3': { uri: '/c', plugins: { 'key-auth': { realm: '$secret://vault/9/x/y' } } },
  })
  const get = await begin()
  expect((await get('one', '/b')).text).toContain('$secret://vault/9/x/y')
  expect((await get('one', '/c')).status).toBe(503)
})

test('a rotated secret reaches the version in force, be a newer one rejected', async () => {
  const { begin, put, vault, log } = await start(1, {
    '/routes/2': { uri: '/b', plugins: { thread: { text: keyReference } } },
  })
  const get = await begin()
  expect((await get('one', '/b')).text).toContain('one')
  await put('/routes/2', { uri: '/b', plugins: { thread: { text: 1 } } })
  await until(() =>
    log.lines.some(({ message }) => message.includes('failed to check item data of [routes/2]')),
  )
  vault.secrets.set('kv/jack', { key: 'two' })
  await until(async () => (await get('two', '/b')).text.includes('two'))
})

test('a manager’s document may come after those that refer to it', async () => {
  const { begin, put, store, vault } = await start(1)
  await store.delete('/secrets/vault/1')
  const get = await begin()
  expect((await get('one')).status).toBe(401)
  await put('/secrets/vault/1', { uri: vault.url, prefix: 'kv', token: vault.token })
  await until(async () => (await get('one')).status === 200)
  await put('/secrets/vault/1', { uri: 'nothing' })
  expect((await get('one')).status).toBe(200)
})
