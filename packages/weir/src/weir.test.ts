import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RawExchange, startEtcd, until } from '@weir/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  baseConfig,
  runWeir,
  startWeir,
  type WeirProcess,
  type WeirProcessOptions,
} from './testing/weir-process.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function start(options: WeirProcessOptions = {}): Promise<WeirProcess> {
  const weir = await startWeir(options)
  cleanups.push(() => weir.stop())
  return weir
}

/** An upstream that answers when told to. */
async function startUpstream() {
  const waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/slow')) response.end('from the upstream')
    else {
      response.write('begun ')
      waiting.push(() => response.end('ended'))
    }
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => server.close().closeAllConnections())
  return { port: (server.address() as AddressInfo).port, waiting }
}

async function addRoute(weir: WeirProcess, port: number): Promise<void> {
  const upstream = { type: 'roundrobin', nodes: { [`127.0.0.1:${port}`]: 1 } }
  const answer = await weir.request('Admin API', '/apisix/admin/routes/1', {
    method: 'PUT',
    body: { uri: '/*', upstream },
  })
  expect(answer.status).toBe(201)
}

const proxied = async (weir: WeirProcess) => (await weir.request('proxy', '/')).text === 'from the upstream'

describe('both planes on the embedded store', () => {
  test('serve a route as soon as it is put, and still after a restart', async () => {
    const weir = await start()
    expect(weir.process.stdout).toContain('key in .weir/admin.key')
    expect(weir.process.stdout).toContain('embedded, .weir/weir.db')
    const { port } = await startUpstream()
    await addRoute(weir, port)
    await until(() => proxied(weir))
    expect((await weir.process.stop()).code).toBe(0)
    const again = await start({ directory: weir.directory })
    expect(await proxied(again)).toBe(true)
    expect((await again.request('status', '/status/ready')).text).toBe('{"status":"ok"}')
  })

  test('end when what is under way has ended', async () => {
    const weir = await start()
    const upstream = await startUpstream()
    await addRoute(weir, upstream.port)
    await until(() => proxied(weir))
    const running = new RawExchange({ port: weir.port('proxy'), path: '/slow' })
    await until(() => running.text === 'begun ')
    weir.process.signal('SIGTERM')
    await until(async () => (await weir.request('proxy', '/')).error === 'ECONNREFUSED')
    upstream.waiting[0]?.()
    expect(await running.done).toMatchObject({ text: 'begun ended', ended: 'complete' })
    expect((await weir.process.exited).code).toBe(0)
  })

  test.each([
    ['the time for it is over', { weir: { drain_timeout: 0.2 } }, 1],
    ['told twice', {}, 2],
  ])('cut what is under way when %s', async (_why, config, signals) => {
    const weir = await start({ config })
    const upstream = await startUpstream()
    await addRoute(weir, upstream.port)
    await until(() => proxied(weir))
    const running = new RawExchange({ port: weir.port('proxy'), path: '/slow' })
    await until(() => running.text === 'begun ')
    weir.process.signal('SIGTERM')
    if (signals === 2) {
      await until(() => weir.process.stderr.includes('no new requests are taken'))
      weir.process.signal('SIGTERM')
    }
    expect((await running.done).ended).toBe('cut')
    expect((await weir.process.exited).code).toBe(0)
    expect(weir.process.stderr).toContain('requests were cut at the end')
    expect(weir.process.stdout).toContain('"outcome":"client_gone"')
  })

  test('read plugins again on SIGHUP, and say what cannot change', async () => {
    const weir = await start({ config: { plugins: ['key-auth'] } })
    await writeFile(
      weir.configFile,
      JSON.stringify({ ...baseConfig, plugins: ['key-auth', 'ai-proxy'], weir: { drain_timeout: 1 } }),
    )
    weir.process.signal('SIGHUP')
    await until(() => weir.process.stderr.includes('read again'))
    await until(() => weir.process.stderr.includes('"settings":"weir"'))
    const route = { uri: '/x', plugins: { 'ai-proxy': { provider: 'openai', auth: { header: { a: 'b' } } } } }
    const put = () => weir.request('Admin API', '/apisix/admin/routes/x', { method: 'PUT', body: route })
    await until(async () => (await put()).status < 300)
    await writeFile(weir.configFile, '{')
    weir.process.signal('SIGHUP')
    await until(() => weir.process.stderr.includes('the old one stays'))
  })

  test('run plugins of the user’s own', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weir-own-'))
    cleanups.push(() => rm(directory, { recursive: true }))
    await writeFile(
      join(directory, 'hello.ts'),
      `const schema = { json: {}, check: () => undefined, parse: (value: unknown) => ({ ok: true as const, value }) }
       const access = () => ({ status: 200, body: 'hello from my plugin' })
       export default { name: 'hello', priority: 1, schema: { ...schema, json: { type: 'object' } }, create: () => ({ access }) }`,
    )
    const weir = await start({ directory, config: { plugins: ['./hello.ts'] } })
    const answer = await weir.request('Admin API', '/apisix/admin/routes/1', {
      method: 'PUT',
      body: { uri: '/*', plugins: { hello: {} } },
    })
    expect(answer.status).toBe(201)
    await until(async () => (await weir.request('proxy', '/')).text === 'hello from my plugin')
    const refused = await weir.request('Admin API', '/apisix/admin/routes/2', {
      method: 'PUT',
      body: { uri: '/*', plugins: { 'key-auth': {} } },
    })
    expect(refused.status).toBe(400)
  })
})

describe('a write that waits until it is applied', () => {
  const body = { uri: '/*', plugins: {}, upstream: { type: 'roundrobin', nodes: { '127.0.0.1:1': 1 } } }
  const put = (weir: WeirProcess, query: string, uri = '/*') =>
    weir.request('Admin API', `/apisix/admin/routes/1?${query}`, { method: 'PUT', body: { ...body, uri } })

  test('is in force when it is answered', async () => {
    const weir = await start({ config: { nginx_config: { worker_processes: 2 } } })
    for (let i = 0; i < 20; i++) {
      const answer = await put(weir, 'wait=applied&timeout=30s', `/n${i}`)
      expect([answer.status, answer.header('x-weir-applied')]).toEqual([i === 0 ? 201 : 200, 'applied'])
      expect((await weir.request('proxy', `/n${i}`)).status).toBe(502)
    }
  })

  test('waits for all data planes of an etcd, and says which of them did not come so far', async () => {
    const etcd = await startEtcd()
    cleanups.push(() => etcd.stop())
    const config = { deployment: { ...baseConfig.deployment, etcd: { host: [etcd.url] } } }
    const control = await start({ command: 'control-plane', config })
    const one = await start({ command: 'data-plane', config })
    const other = await start({ command: 'data-plane', config })
    const planes = async () => JSON.parse((await one.request('control API', '/v1/config')).text).data_planes
    await until(async () => (await planes()).length === 2)
    const answer = await put(control, 'wait=applied&timeout=30s', '/a')
    expect([answer.status, answer.header('x-weir-applied')]).toEqual([201, 'applied'])
    for (const plane of [one, other]) expect((await plane.request('proxy', '/a')).status).toBe(502)

    other.process.signal('SIGSTOP')
    const late = await put(control, 'wait=applied&timeout=500ms', '/b')
    other.process.signal('SIGCONT')
    expect([late.status, late.header('x-weir-applied')]).toEqual([202, 'timeout'])
    const told: { applied: boolean }[] = JSON.parse(late.text).applied.data_planes
    expect(told.filter(({ applied }) => applied)).toHaveLength(1)
    expect(told).toHaveLength(2)
    expect((await one.request('proxy', '/b')).status).toBe(502)
    expect((await put(control, 'wait=applied&timeout=30s', '/c')).header('x-weir-applied')).toBe('applied')

    expect((await other.process.stop()).code).toBe(0)
    await until(async () => (await planes()).length === 1)
  }, 60_000)
})

describe('a data plane', () => {
  test('starts without etcd and serves once it is up, and goes on when it is gone', async () => {
    const etcd = await startEtcd()
    cleanups.push(() => etcd.stop())
    const deployment = { ...baseConfig.deployment, etcd: { host: [etcd.url] } }
    const control = await start({ command: 'control-plane', config: { deployment } })
    const { port } = await startUpstream()
    await until(async () => {
      const upstream = { type: 'roundrobin', nodes: { [`127.0.0.1:${port}`]: 1 } }
      const body = { uri: '/*', upstream }
      const answer = await control.request('Admin API', '/apisix/admin/routes/1', { method: 'PUT', body })
      return answer.status === 201
    })
    await etcd.kill()
    const plane = await start({ command: 'data-plane', config: { deployment } })
    expect((await plane.request('status', '/status/ready')).status).toBe(503)
    expect((await plane.request('proxy', '/')).status).toBe(404)
    await etcd.restart()
    await until(() => proxied(plane), { timeoutMs: 20_000 })
    // One worker serves; the others may be a moment behind.
    await until(async () => (await plane.request('status', '/status/ready')).status === 200)
    await etcd.kill()
    expect(await proxied(plane)).toBe(true)
    expect((await plane.request('status', '/status/ready')).status).toBe(200)
  }, 60_000)
})

describe('what cannot start says why and ends with 1', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-bad-'))
    cleanups.push(() => rm(directory, { recursive: true }))
  })

  async function fail(args: readonly string[], config?: string) {
    if (config !== undefined) await writeFile(join(directory, 'config.yaml'), config)
    const process = await runWeir(args, directory)
    const { code } = await process.exited
    return { code, stderr: process.stderr, stdout: process.stdout }
  }

  test.each([
    ['no file', undefined, 'there is no configuration file conf/config.yaml or config.yaml'],
    ['no YAML', 'a: [', 'invalid config.yaml file'],
    ['a wrong type', '{"apisix": {"enable_admin": "x"}}', 'apisix->enable_admin'],
    ['an unknown member of weir', '{"weir": {"x": 1}}', 'additional properties forbidden, found x'],
    ['a missing variable', 'weir: {store: "${{NO_SUCH}}"}', "can't find environment variable NO_SUCH"],
    ['a missing plugin module', 'plugins: [./none.ts]', 'none.ts cannot be loaded'],
    [
      'a source that is not there yet',
      'deployment: {role: data_plane, role_data_plane: {config_provider: xds}}',
      'config_provider xds',
    ],
  ])('%s', async (_what, config, message) => {
    const { code, stderr } = await fail(['start'], config)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^weir: .*\n$/)
    expect(code).toBe(1)
  })

  test('a port that is taken', async () => {
    const taken = createTcpServer()
    await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve))
    cleanups.push(async () => taken.close())
    const { port } = taken.address() as AddressInfo
    const node_listen = [{ ip: '127.0.0.1', port }]
    const config = { ...baseConfig, apisix: { ...baseConfig.apisix, node_listen } }
    const { code, stderr } = await fail(['start'], JSON.stringify(config))
    expect(stderr).toContain(`weir: the address 127.0.0.1:${port} is in use\n`)
    expect(code).toBe(1)
  })

  test('a command that is none', async () => {
    expect(await fail(['begin'])).toMatchObject({ code: 2 })
    expect(await fail(['--help'])).toMatchObject({ code: 0 })
  })
})

test('check lists what is wrong with the documents', async () => {
  const weir = await start()
  const put = (path: string, body: unknown) =>
    weir.request('Admin API', `/apisix/admin/${path}`, { method: 'PUT', body })
  await put('upstreams/u', { type: 'roundrobin', nodes: { '127.0.0.1:1': 1 } })
  await put('routes/1', { uri: '/*', upstream_id: 'u' })
  const good = await runWeir(['check', '-c', weir.configFile], weir.directory)
  expect(await good.exited).toMatchObject({ code: 0 })
  expect(good.stdout).toContain('2 documents: no problems')
  const deleted = await weir.request('Admin API', '/apisix/admin/upstreams/u?force=true', {
    method: 'DELETE',
  })
  expect(deleted.status).toBe(200)
  const bad = await runWeir(['check', '-c', weir.configFile], weir.directory)
  expect(await bad.exited).toMatchObject({ code: 1 })
  expect(bad.stdout).toContain('/routes/1: refers to /upstreams/u, which does not exist')
})
