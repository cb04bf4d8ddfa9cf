import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigStore, DATA_PLANES, parseDataPlane, PROGRESS_QUESTION } from '@weir/config-store'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { parseSettings } from '@weir/contract'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { RawExchange, rawRequest, until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import type { DataPlane } from './data-plane.ts'
import { startDataPlane } from './start.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

interface World {
  readonly plane: DataPlane
  readonly store: ConfigStore
  readonly log: RecordingLogger
  readonly port: number
  put(key: string, document: unknown): Promise<void>
  get(path: string): Promise<{ status: number; text: string }>
  json(path: string): Promise<Record<string, unknown>>
  /** Of the control API, the status server and the metrics server. */
  operator(server: 'control' | 'status' | 'metrics', path: string): Promise<{ status: number; text: string }>
}

async function start(workers: number, options: { port?: number; store?: ConfigStore } = {}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-data-plane-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const store = options.store ?? createEmbeddedStore({ path: join(directory, 'weir.db') })
  if (!options.store) cleanups.push(() => store.close())
  const settings = parseSettings(
    JSON.stringify({
      apisix: {
        node_listen: [{ ip: '127.0.0.1', port: options.port ?? 0 }],
        ssl: { enable: false },
        control: { port: 0 },
        status: { port: 0 },
      },
      nginx_config: { worker_processes: workers, http: { enable_access_log: false } },
      plugin_attr: { prometheus: { export_addr: { port: 0 } } },
    }),
    {},
  )
  const log = new RecordingLogger()
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
  const get = (path: string) => rawRequest({ port, path })
  return {
    plane,
    store,
    log,
    port,
    put: async (key, document) => void (await store.put(key, JSON.stringify(document))),
    get,
    json: async (path) => JSON.parse((await get(path)).text) as Record<string, unknown>,
    operator: (server, path) => rawRequest({ port: plane.operatorPorts[server] ?? 0, path }),
  }
}

describe.each([1, 2])('with %i serving threads', (workers) => {
  test('changes of the store take effect, and are shown', async () => {
    const { put, get, operator } = await start(workers)
    expect((await get('/a')).text).toBe('{"error_msg":"404 Route Not Found"}\n')
    await put('/routes/1', { uri: '/a', plugins: { thread: { text: 'one' } } })
    await until(async () => (await get('/a')).text.includes('one'))
    await put('/routes/1', { uri: '/a', plugins: { thread: { text: 1 } } })
    await put('/routes/2', { uri: '/b', plugins: { thread: { text: 'two' } } })
    await until(async () => (await get('/b')).text.includes('two'))
    expect((await get('/a')).text).toContain('one')

    await until(async () => {
      const { revision, workers: all } = JSON.parse((await operator('control', '/v1/config')).text)
      return all.length === workers && all.every((one: { revision: number }) => one.revision === revision)
    })
    const config = JSON.parse((await operator('control', '/v1/config')).text)
    expect(config).toMatchObject({ store: { reachable: true }, rejected: [{ key: '/routes/1' }] })
    expect((await operator('control', '/v1/route/3')).text).toBe('{"error_msg":"route[3] not found"}\n')
    expect(JSON.parse((await operator('control', '/v1/route/2')).text)).toMatchObject({
      key: '/apisix/routes/2',
      value: { id: '2', priority: 0 },
    })
    const control = async (path: string) => (await operator('control', path)).text
    expect(await control('/v1/healthcheck')).toBe('{}\n')
    expect(await control('/v1/healthcheck/routes')).toBe(
      '{"error_msg":"missing src id for src type routes"}\n',
    )
    expect(await control('/v1/healthcheck/x/1')).toBe('{"error_msg":"invalid src type x"}\n')
    expect(await control('/v1/healthcheck/routes/1')).toBe('{"error_msg":"no checker for routes[1]"}\n')
    expect(await control('/v1/healthcheck/routes/9')).toBe('{"error_msg":"routes[9] not found"}\n')
    expect(await control('/v1/upstreams')).toBe('[]\n')
    expect((await operator('control', '/v1/none')).status).toBe(404)
    expect((await operator('status', '/status/ready')).text).toBe('{"status":"ok"}')
    expect((await operator('metrics', '/apisix/prometheus/metrics')).text).toContain(
      'apisix_etcd_reachable 1',
    )
  })

  test('it tells the store how far it has come, at once when it is asked', async () => {
    const { put, get, store, operator, plane } = await start(workers)
    const told = async () => {
      const { entries } = await store.list(DATA_PLANES)
      return entries.map(({ value }) => parseDataPlane(value))
    }
    await put('/routes/1', { uri: '/a', plugins: { thread: {} } })
    await put('/routes/2', { uri: '/b', plugins: { thread: { text: 1 } } })
    await until(async () => (await told())[0]?.rejected[0]?.key === '/routes/2')
    const { revision } = await store.put(PROGRESS_QUESTION, '{}')
    await until(async () => ((await told())[0]?.revision ?? 0) >= revision)
    expect((await get('/a')).status).toBe(200)
    expect(await told()).toMatchObject([
      { version: '0', rejected_count: 1, rejected: [{ key: '/routes/2' }] },
    ])
    expect((await told())[0]?.workers).toHaveLength(workers)
    await until(async () => {
      const { data_planes: planes } = JSON.parse((await operator('control', '/v1/config')).text)
      return planes.length === 1 && planes[0].revision >= revision
    })
    await plane.close()
    expect(await told()).toEqual([])
  })

  test('requests under way finish at the end, and no new ones begin', async () => {
    const { put, get, plane, port } = await start(workers)
    await put('/routes/1', { uri: '/a', plugins: { thread: {} } })
    await until(async () => (await get('/a')).status === 200)
    const running = new RawExchange({ port, path: '/a?wait=300' })
    await until(() => running.text !== '')
    const cut = plane.drain(5000)
    await until(async () => (await rawRequest({ port, path: '/a' })).error === 'ECONNREFUSED')
    expect((await running.done).status).toBe(200)
    expect(await cut).toBe(0)
  })

  test('a port that is taken is an error', async () => {
    const { port } = await start(workers)
    await expect(start(workers, { port })).rejects.toThrow('EADDRINUSE')
  })
})

test('a worker that crashes is replaced, and shared counters survive', async () => {
  const { put, get, json, log, operator } = await start(2)
  await put('/routes/1', { uri: '/a', plugins: { thread: {} } })
  await until(async () => (await get('/a')).status === 200)
  const threads = new Set<unknown>()
  await until(async () => {
    threads.add((await json('/a'))['thread'])
    return threads.size === 2
  })
  expect((await get('/a?reject')).status).toBe(200)
  const before = Number((await json('/a'))['count'])
  await get('/a?crash')
  await until(() => log.lines.some(({ message }) => message === 'a worker ended and is started again'))
  await until(async () => {
    const answer = await get('/a')
    if (answer.status === 200) threads.add(JSON.parse(answer.text).thread)
    return threads.size === 3
  })
  expect(Number((await json('/a'))['count'])).toBeGreaterThan(before)
  expect((await operator('status', '/status/ready')).status).toBe(200)
}, 40_000)
