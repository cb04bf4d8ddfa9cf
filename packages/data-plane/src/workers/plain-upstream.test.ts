import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { parseSettings } from '@weir/contract'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { freePort, RawExchange, rawRequest, type RawRequest, until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { startDataPlane } from './start.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function start(workers = 1, http: object = {}, apisix: object = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'weir-plain-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const store = createEmbeddedStore({ path: join(directory, 'weir.db') })
  cleanups.push(() => store.close())
  const settings = parseSettings(
    JSON.stringify({
      apisix: {
        ssl: { enable: false },
        node_listen: [{ ip: '127.0.0.1', port: 0 }],
        control: { port: 0 },
        ...apisix,
      },
      nginx_config: { worker_processes: workers, http: { enable_access_log: false, ...http } },
      plugin_attr: { prometheus: { enable_export_server: false } },
    }),
    {},
  )
  const log = new RecordingLogger()
  const rest = { enabledPlugins: undefined, pluginModules: [], version: '0', log }
  const plane = await startDataPlane({ settings, store, ...rest })
  cleanups.push(() => plane.close())
  const port = plane.addresses[0]?.port ?? 0
  return {
    port,
    log,
    ask: (path: string, options: Partial<RawRequest> = {}) => rawRequest({ port, path, ...options }),
    /** Resolves when it is in force. */
    async put(key: string, document: object): Promise<void> {
      const { revision } = await store.put(key, JSON.stringify(document))
      await until(async () => (await control('/v1/config')).workers.every(atLeast(revision)))
    },
    async remove(key: string): Promise<void> {
      await store.delete(key)
    },
    control,
  }

  // The control API speaks JSON.
  async function control(path: string): Promise<{ workers: { revision: number }[] }> {
    const { text } = await rawRequest({ port: plane.operatorPorts.control ?? 0, path })
    return JSON.parse(text) as { workers: { revision: number }[] }
  }
}

const atLeast =
  (wanted: number) =>
  ({ revision }: { revision: number }) =>
    revision >= wanted

async function node(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function rawNode(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const named = (name: string) => node((request, response) => void response.end(`${name} ${request.url}`))
const at = (...ports: number[]) => ({
  nodes: Object.fromEntries(ports.map((port) => [`127.0.0.1:${port}`, 1])),
})

describe.each([1, 2])('with %i serving threads', (workers) => {
  test('a route’s upstream is its own, its service’s, or one of its own name', async () => {
    const { ask, put, remove } = await start(workers)
    await put('/upstreams/u', at(await named('shared')))
    await put('/services/s', { upstream: at(await named('service')) })
    await put('/routes/1', { uri: '/own', upstream: at(await named('own')), service_id: 's' })
    await put('/routes/2', { uri: '/service', service_id: 's' })
    await put('/routes/3', { uri: '/shared', upstream_id: 'u', service_id: 's' })
    await put('/routes/4', { uri: '/none', plugins: {} })
    await put('/routes/5', { uri: '/unknown', upstream_id: 'x' })
    for (const name of ['own', 'service', 'shared']) {
      expect((await ask(`/${name}?q=%20`)).text).toBe(`${name} /${name}?q=%20`)
    }
    expect((await ask('/none')).status).toBe(503)
    expect((await ask('/unknown')).status).toBe(502)
    await put('/upstreams/u', at(await named('changed')))
    expect((await ask('/shared')).text).toBe('changed /shared')
    await remove('/upstreams/u')
    await until(async () => (await ask('/shared')).status === 502)
  })
})

test('failures are JSON with the statuses of APISIX, and say what they count as', async () => {
  const { ask, put } = await start()
  await put('/routes/1', { uri: '/refused', upstream: at(await freePort()) })
  const timeout = { connect: 1, send: 1, read: 0.05 }
  await put('/routes/2', { uri: '/silent', timeout, upstream: at(await node(() => undefined)) })
  const refused = await ask('/refused')
  expect(refused).toMatchObject({ status: 502, ended: 'complete' })
  expect(refused.header('x-apisix-upstream-status')).toBe('502')
  expect(JSON.parse(refused.text)).toEqual({ error_msg: 'the upstream cannot be reached' })
  const silent = await ask('/silent', { body: 'x' })
  expect(silent.status).toBe(504)
  expect(silent.header('x-apisix-upstream-status')).toBe('504')
})

const chunk = (size: number) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`

describe('a chunked body beyond client_max_body_size', () => {
  const chunked = { Host: 'a', 'Transfer-Encoding': 'chunked' }

  test('is refused, and the upstream never sees a whole request', async () => {
    const { ask, put } = await start(1, { client_max_body_size: 1000 })
    const complete: boolean[] = []
    const port = await node((request, response) => {
      request.resume().on('close', () => complete.push(request.complete))
      request.on('error', () => undefined).on('end', () => response.end('all of it'))
    })
    await put('/routes/1', { uri: '/a', upstream: at(port) })
    const body = `${chunk(600)}${chunk(600)}0\r\n\r\n`
    const refused = await ask('/a', { method: 'POST', headers: chunked, body })
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      413,
      { error_msg: 'the body is larger than 1000 bytes' },
    ])
    expect(refused.header('connection')).toBe('close')
    const taken = await ask('/a', { method: 'POST', headers: chunked, body: `${chunk(1000)}0\r\n\r\n` })
    expect([taken.status, taken.text]).toEqual([200, 'all of it'])
    // The refused one may never have reached the upstream at all.
    await until(() => complete.at(-1) === true)
    expect(complete.slice(0, -1)).not.toContain(true)
  })

  test('breaks off an answer that has begun', async () => {
    const { ask, put, port } = await start(1, { client_max_body_size: 1000 })
    const upstream = await node((request, response) => {
      request.on('error', () => undefined).on('data', (bytes: Buffer) => response.write(bytes))
    })
    await put('/routes/1', { uri: '/a', upstream: at(upstream) })
    const exchange = new RawExchange({ port, path: '/a', method: 'POST', headers: chunked })
    exchange.write(chunk(900))
    await until(() => exchange.text.length === 900)
    exchange.write(chunk(900))
    expect((await exchange.done).ended).toBe('cut')
    expect((await ask('/none')).status).toBe(404)
  })
})

test('an answer’s head goes out before its body, which flows as it comes and may break off', async () => {
  const { port, put } = await start()
  const { promise: asked, resolve: ask } = Promise.withResolvers<[IncomingMessage, ServerResponse]>()
  await put('/routes/1', { uri: '/*', upstream: at(await node((...both) => ask(both))) })
  const exchange = new RawExchange({ port })
  const [, response] = await asked
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.flushHeaders()
  await until(() => exchange.head)
  response.write('data: 1\n\n')
  await until(() => exchange.text === 'data: 1\n\n')
  response.destroy()
  expect(await exchange.done).toMatchObject({ status: 200, ended: 'cut' })
})

test('a body that nobody wants keeps nobody from the answer', async () => {
  const { ask, put } = await start()
  const early = await rawNode((socket) =>
    socket.once('data', () =>
      socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'),
    ),
  )
  await put('/routes/1', { uri: '/refused', upstream: at(await freePort()) })
  await put('/routes/2', { uri: '/early', upstream: at(early) })
  const body = Buffer.alloc(20 * 1024 * 1024, 'x')
  expect(await ask('/refused', { body })).toMatchObject({ status: 502, ended: 'complete' })
  expect(await ask('/early', { body })).toMatchObject({ status: 413, text: 'no', ended: 'complete' })
})

test('bodies of any method and answers without bodies pass', async () => {
  const { ask, put } = await start()
  const echo = await node((request, response) => {
    response.setHeader('X-Method', request.method ?? '')
    if (request.method === 'HEAD') response.end()
    else request.pipe(response)
  })
  await put('/routes/1', { uri: '/*', upstream: at(echo) })
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    expect(await ask('/', { method, body: 'hello' })).toMatchObject({ status: 200, text: 'hello' })
  }
  const head = await ask('/', { method: 'HEAD' })
  expect([head.status, head.header('x-method'), head.header('content-length')]).toEqual([
    200,
    'HEAD',
    undefined,
  ])
})

test('a kept connection serves one request after the other', async () => {
  const { port, put } = await start()
  const echo = await node((request, response) => void request.pipe(response))
  await put('/routes/1', { uri: '/*', upstream: at(echo) })
  const client = connect(port, '127.0.0.1')
  cleanups.push(() => client.destroy())
  let received = ''
  client.on('data', (bytes) => (received += bytes.toString()))
  for (const word of ['one', 'two', 'three']) {
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${word.length}\r\n\r\n${word}`)
    await until(() => received.includes(word))
  }
})

test('health is checked and shown, and survives an edit that does not concern it', async () => {
  const { ask, put, control } = await start()
  const checks = {
    active: { http_path: '/', healthy: { interval: 1 }, unhealthy: { interval: 1, http_failures: 1 } },
  }
  const bad = await node((_, response) => void response.writeHead(500).end('bad'))
  const upstream = { ...at(bad, await named('good')), checks }
  await put('/upstreams/u', upstream)
  await put('/routes/1', { uri: '/*', upstream_id: 'u' })
  await ask('/')
  const checker = () => control('/v1/healthcheck/upstreams/u') as Promise<unknown>
  await until(async () => JSON.stringify(await checker()).includes('"unhealthy"'))
  for (let i = 0; i < 4; i++) expect((await ask('/x')).text).toBe('good /x')
  await put('/upstreams/u', { ...upstream, desc: 'changed' })
  expect((await ask('/x')).text).toBe('good /x')
  expect(JSON.stringify(await checker())).toContain('"unhealthy"')
})

const told = (name: string) =>
  node(
    ({ headers }, response) =>
      void response.end(
        `${name} ${headers['x-real-ip']?.toString()} ${headers['x-forwarded-for']?.toString()}`,
      ),
  )

describe('proxies in front', () => {
  test('tell the client’s address, to rules and to upstreams', async () => {
    const { ask, put } = await start(1, { real_ip_header: 'X-Client', real_ip_from: ['127.0.0.0/8'] })
    await put('/routes/1', { uri: '/*', remote_addr: '9.9.9.9', upstream: at(await told('nine')) })
    await put('/routes/2', { uri: '/*', remote_addr: '127.0.0.1', upstream: at(await told('local')) })
    const from = (address: string) => ask('/', { headers: { 'X-Client': address } })
    expect((await from('9.9.9.9')).text).toBe('nine 9.9.9.9 9.9.9.9')
    expect((await from('8.8.8.8, 9.9.9.9:1')).text).toBe('nine 9.9.9.9 9.9.9.9')
    expect((await from('8.8.8.8')).status).toBe(404)
    expect((await from('nobody')).text).toBe('local 127.0.0.1 127.0.0.1')
  })

  test('that nobody trusts have no say about the chain of addresses, to rules as little as to upstreams', async () => {
    const { ask, put } = await start(1, {}, { trusted_addresses: ['10.0.0.0/8'] })
    const vars = [['http_x_forwarded_for', '==', '9.9.9.9']]
    await put('/routes/1', { uri: '/*', priority: 1, vars, upstream: at(await told('forged')) })
    await put('/routes/2', { uri: '/*', upstream: at(await told('plain')) })
    const { text } = await ask('/', { headers: { 'X-Forwarded-For': '9.9.9.9' } })
    expect(text).toBe('plain 127.0.0.1 127.0.0.1')
  })
})
