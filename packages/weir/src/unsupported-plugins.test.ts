// `weir.unsupported_plugins`, on both planes: one document, and what each setting makes of it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from '@weir/testkit'
import { afterEach, expect, test } from 'vitest'
import { startWeir, type WeirProcess, type WeirProcessOptions } from './testing/weir-process.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function start(unsupported: object, options: WeirProcessOptions = {}): Promise<WeirProcess> {
  const weir = await startWeir({ ...options, config: { weir: { unsupported_plugins: unsupported } } })
  cleanups.push(() => weir.stop())
  return weir
}

async function startUpstream(): Promise<number> {
  const server = createServer((_request, response) => response.end('from the upstream'))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => server.close().closeAllConnections())
  return (server.address() as AddressInfo).port
}

const put = (weir: WeirProcess, path: string, body: object) =>
  weir.request('Admin API', `/apisix/admin${path}`, { method: 'PUT', body })

test('accepted it answers 503, refused it stays as it was stored, ignored it is left out', async () => {
  const nodes = { [`127.0.0.1:${await startUpstream()}`]: 1 }
  const route = { uri: '/a', upstream: { nodes }, plugins: { gzip: {} } }
  const accepting = await start({ mode: 'accept' })
  const accepted = await put(accepting, '/routes/a', route)
  expect([accepted.status, accepted.header('x-weir-warning')]).toEqual([
    201,
    expect.stringContaining('does not run plugin gzip'),
  ])
  await put(accepting, '/routes/b', { ...route, uri: '/b', plugins: {} })
  const problem = { error_msg: 'plugin gzip is not supported by this gateway' }
  await until(async () => (await accepting.request('proxy', '/a')).status === 503)
  expect(JSON.parse((await accepting.request('proxy', '/a')).text)).toEqual(problem)
  await until(async () => (await accepting.request('proxy', '/b')).status === 200)
  await accepting.process.stop()

  const { directory } = accepting
  const refusing = await start({}, { directory })
  const refused = await put(refusing, '/routes/c', { ...route, uri: '/c' })
  expect([refused.status, JSON.parse(refused.text)]).toEqual([
    400,
    {
      error_msg: expect.stringMatching(
        /^plugin \[gzip\] is not supported: this build of Weir does not run it/,
      ),
    },
  ])
  const stored = await refusing.request('proxy', '/a')
  expect([stored.status, JSON.parse(stored.text)]).toEqual([503, problem])
  expect((await refusing.request('proxy', '/b')).status).toBe(200)
  await refusing.process.stop()

  const ignoring = await start({ ignore: ['gzip'] }, { directory })
  expect((await ignoring.request('proxy', '/a')).text).toBe('from the upstream')
  const ignored = await put(ignoring, '/routes/c', { ...route, uri: '/c' })
  expect([ignored.status, ignored.header('x-weir-warning')]).toEqual([201, undefined])
  await until(async () => (await ignoring.request('proxy', '/c')).status === 200)
})

test('names in the list of plugins that nobody knows are told at the start', async () => {
  const weir = await startWeir({ config: { plugins: ['key-auth', 'gzip', 'opentelemetry', 'keyauth'] } })
  cleanups.push(() => weir.stop())
  const lines = `${weir.process.stdout}${weir.process.stderr}`.split('\n')
  const line = lines.find((one) => one.includes('plugins that nobody knows')) ?? '{}'
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', plugins: 'keyauth' })
  const listed = await weir.request('Admin API', '/apisix/admin/plugins/list')
  expect(JSON.parse(listed.text)).toEqual(['opentelemetry', 'key-auth', 'gzip'])
})
