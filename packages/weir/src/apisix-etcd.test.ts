// An etcd that APISIX 3.18 filled, as `etcdctl get --prefix` prints it: keys and values on alternate lines.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createEtcdStore } from '@weir/config-store/etcd'
import { isJsonObject, type JsonObject } from '@weir/contract'
import { type Etcd, rawRequest, startEtcd, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { baseConfig, startWeir, type WeirProcess } from './testing/weir-process.ts'

/** Where its upstreams and instances are. */
const RECORDED_PORT = '127.0.0.1:19101'

interface Seen {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

const seen: Seen[] = []
let etcd: Etcd
let weir: WeirProcess
const upstream = createServer((request, response) => {
  seen.push({ url: request.url ?? '', headers: request.headers })
  const answer = { choices: [{ message: { role: 'assistant', content: 'hi' } }] }
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
})

beforeAll(async () => {
  await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  etcd = await startEtcd()
  const store = createEtcdStore({ host: [etcd.url], prefix: '/apisix' })
  const lines = (await readFile(join(import.meta.dirname, 'testing/apisix-etcd.txt'), 'utf8'))
    .trimEnd()
    .split('\n')
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const value = (lines[i + 1] ?? '').replaceAll(RECORDED_PORT, `127.0.0.1:${port}`)
    await store.put(
      (lines[i] ?? '').slice('/apisix'.length),
      value.replaceAll('"port":19101', `"port":${port}`),
    )
  }
  // As other tools write: no id, no times, slashes escaped, whole numbers with a fraction.
  const nodes = `{"127.0.0.1:${port}":1.0}`
  await store.put('/routes/foreign', `{"uri":"\\/foreign","upstream":{"type":"roundrobin","nodes":${nodes}}}`)
  await store.put('/unknown_directory/1', '{"uri":"/unknown"}')
  await store.close()
  weir = await startWeir({
    config: {
      deployment: { ...baseConfig.deployment, etcd: { host: [etcd.url] } },
      weir: { unsupported_plugins: { ignore: ['limit-count'] } },
    },
  })
})

afterAll(async () => {
  await weir.stop()
  await etcd.stop()
  upstream.closeAllConnections()
  upstream.close()
})

const proxied = (path: string, headers: Record<string, string> = {}) =>
  rawRequest({ port: weir.port('proxy'), path, headers })

async function read(path: string): Promise<JsonObject> {
  const answer = await weir.request('Admin API', `/apisix/admin/${path}`)
  const body: unknown = JSON.parse(answer.text)
  return isJsonObject(body) && isJsonObject(body['value']) ? body['value'] : { status: answer.status }
}

test.each([
  ['/hello', 200, 'a route with an upstream of its own'],
  ['/posted', 200, 'an id that APISIX made'],
  ['/idbody7', 200, 'an id that is a number'],
  ['/p/13', 200, 'no update since it was created'],
  ['/p/12', 404, 'a route that is switched off'],
  ['/svc', 200, 'a service whose upstream is a list of nodes'],
  ['/pc', 200, 'a plugin config'],
  ['/foreign', 200, 'a document that no Admin API wrote'],
  ['/unknown', 404, 'a directory that APISIX does not have'],
])('%s answers %i: %s', async (path, status) => {
  expect((await proxied(path)).status).toBe(status)
})

test('every document is applied', async () => {
  const answer = await weir.request('control API', '/v1/config')
  expect(JSON.parse(answer.text)).toMatchObject({ store: { reachable: true }, rejected: [] })
})

test('encrypted credentials of an instance reach the provider decrypted', async () => {
  const body = JSON.stringify({ messages: [{ role: 'user', content: 'hello' }] })
  const headers = { 'Content-Type': 'application/json' }
  const answer = await rawRequest({
    port: weir.port('proxy'),
    path: '/dump-ai',
    method: 'POST',
    headers,
    body,
  })
  expect(answer.status).toBe(200)
  const call = seen.findLast(({ url }) => url.startsWith('/v1/chat/completions'))
  const shown = JSON.stringify(await read('routes/dump-ai'))
  expect(call?.headers.authorization).toMatch(/^[\w -]+$/)
  expect(shown).toContain(JSON.stringify(call?.headers.authorization))
  expect(call?.url).toMatch(/\?k=[\w-]+$/)
})

test.each(['jack', 'grp', 'jack/credentials/dumpc'])(
  'the key of %s is shown decrypted, and opens',
  async (consumer) => {
    const put = await weir.request('Admin API', '/apisix/admin/routes/guarded', {
      method: 'PUT',
      body: { uri: '/guarded', plugins: { 'key-auth': {} }, upstream_id: 'u1' },
    })
    expect(put.status).toBeLessThan(300)
    const { plugins } = await read(`consumers/${consumer}`)
    const { key } = (plugins as { 'key-auth': { key: string } })['key-auth']
    expect(key).toMatch(/^[\w-]+$/)
    await until(async () => (await proxied('/guarded')).status === 401)
    await until(async () => (await proxied('/guarded', { apikey: key })).status === 200)
    expect(seen.at(-1)?.headers['x-consumer-username']).toBe(consumer.split('/')[0])
  },
)

test.each([
  ['routes/1', { uri: '/hello', methods: ['GET', 'POST'], create_time: 1_795_290_043 }],
  ['routes/foreign', { uri: '/foreign', upstream: { type: 'roundrobin' } }],
  ['upstreams/00000000000000000115', { type: 'roundrobin' }],
  ['consumer_groups/g1', { id: 'g1' }],
  ['plugin_configs/pc1', { desc: 'd' }],
  ['global_rules/dump1', { plugins: { prometheus: {} } }],
  ['plugin_metadata/http-logger', { log_format: { host: '$host' } }],
  ['protos/dump1', { id: 'dump1' }],
  ['secrets/vault/dump1', { prefix: 'kv/apisix', token: 'tok' }],
  ['ssls/dump1', { snis: ['test.com'] }],
])('the Admin API shows %s', async (path, expected) => {
  const shown = await read(path)
  expect(shown).toMatchObject(expected)
  expect(shown).not.toHaveProperty('key')
})
