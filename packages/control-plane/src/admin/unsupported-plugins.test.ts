// `weir.unsupported_plugins`: documents that name plugins which APISIX has and this build does not run.
import { defineSchema, isJsonObject } from '@weir/contract'
import { definePlugin } from '@weir/plugin-api'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestPlane, testSettings, type Answer, type TestPlane } from '../testing/test-plane.ts'

const runs = definePlugin({
  name: 'runs-here',
  priority: 1,
  schema: defineSchema({ type: 'object', properties: {} }),
  create: () => ({}),
})

let plane: TestPlane
afterEach(() => plane.close())

async function start(unsupported: string, more = ''): Promise<void> {
  const config = `${testSettings}\nweir: {unsupported_plugins: ${unsupported}}\n${more}`
  plane = await startTestPlane({ plugins: [runs], config })
}

const upstream = { type: 'roundrobin', nodes: { '127.0.0.1:1980': 1 } }
const routeWith = (plugins: object) => ({ uri: '/a', upstream, plugins })
const errorOf = ({ status, json }: Answer) => [status, isJsonObject(json) ? json['error_msg'] : undefined]
const refused = (name: string) =>
  `plugin [${name}] is not supported: this build of Weir does not run it (see weir.unsupported_plugins)`

describe('refuse, the default', () => {
  it('answers 400 and names the plugin, on every kind of document, and stores nothing', async () => {
    await start('{}')
    const plugins = { 'runs-here': {}, gzip: {} }
    expect(errorOf(await plane.put('/routes/1', routeWith(plugins)))).toEqual([400, refused('gzip')])
    expect(errorOf(await plane.post('/services', { plugins }))).toEqual([400, refused('gzip')])
    expect(errorOf(await plane.put('/plugin_configs/1', { plugins }))).toEqual([400, refused('gzip')])
    expect(errorOf(await plane.put('/global_rules/1', { plugins }))).toEqual([400, refused('gzip')])
    const identity = { username: 'jack', plugins: { 'basic-auth': { username: 'u', password: 'p' } } }
    expect(errorOf(await plane.put('/consumers', identity))).toEqual([
      400,
      `invalid plugins configuration: ${refused('basic-auth')}`,
    ])
    expect(errorOf(await plane.put('/plugin_metadata/http-logger', { log_format: {} }))).toEqual([
      400,
      refused('http-logger'),
    ])
    expect((await plane.get('/routes')).json).toEqual({ total: 0, list: [] })
  })

  it('speaks of the configuration first, as APISIX does', async () => {
    await start('{mode: refuse}')
    expect(errorOf(await plane.put('/routes/1', routeWith({ 'limit-count': { count: 0 } })))).toEqual([
      400,
      'failed to check the configuration of plugin limit-count err: property "count" validation failed: value should match only one schema, but matches none',
    ])
    expect(errorOf(await plane.put('/routes/1', routeWith({ 'no-such-plugin': {} })))).toEqual([
      400,
      'unknown plugin [no-such-plugin]',
    ])
    expect(errorOf(await plane.put('/routes/1', routeWith({ opentelemetry: {} })))).toEqual([
      400,
      'unknown plugin [opentelemetry]',
    ])
  })

  it('lets a plugin stand that is switched off, and a PATCH not switch it on', async () => {
    await start('{}')
    const off = { gzip: { _meta: { disable: true } } }
    const written = await plane.put('/routes/1', routeWith(off))
    expect([written.status, written.header('x-weir-warning')]).toEqual([201, undefined])
    expect(errorOf(await plane.patch('/routes/1/plugins/gzip/_meta/disable', false))).toEqual([
      400,
      refused('gzip'),
    ])
  })

  it('knows of a plugin that is off by default when the list names it', async () => {
    await start('{}', 'plugins: [runs-here, opentelemetry]')
    expect(errorOf(await plane.put('/routes/1', routeWith({ opentelemetry: {} })))).toEqual([
      400,
      refused('opentelemetry'),
    ])
    expect(errorOf(await plane.put('/routes/1', routeWith({ gzip: {} })))).toEqual([
      400,
      'unknown plugin [gzip]',
    ])
  })
})

describe('accept', () => {
  it('checks, stores and warns', async () => {
    await start('{mode: accept}')
    const plugins = { 'runs-here': {}, gzip: {}, 'limit-count': { count: 1, time_window: 1 } }
    const written = await plane.put('/routes/1', routeWith(plugins))
    expect(written.status).toBe(201)
    expect(written.header('x-weir-warning')).toBe(
      'this build does not run plugins gzip, limit-count: requests that meet them are answered 503',
    )
    const patched = await plane.patch('/routes/1', { plugins: { gzip: null } })
    expect(patched.header('x-weir-warning')).toBe(
      'this build does not run plugin limit-count: requests that meet it are answered 503',
    )
    const clean = await plane.patch('/routes/1', { plugins: { 'limit-count': null } })
    expect([clean.status, clean.header('x-weir-warning')]).toEqual([200, undefined])
    expect((await plane.get('/routes/1')).header('x-weir-warning')).toBeUndefined()
    const metadata = await plane.put('/plugin_metadata/http-logger', { log_format: {} })
    expect([metadata.status, metadata.header('x-weir-warning')]).toEqual([
      201,
      expect.stringContaining('http-logger'),
    ])
    expect(errorOf(await plane.put('/routes/2', routeWith({ gzip: { min_length: 'x' } })))).toEqual([
      400,
      expect.stringContaining('failed to check the configuration of plugin gzip err: property "min_length"'),
    ])
    expect(errorOf(await plane.put('/routes/2', routeWith({ 'no-such-plugin': {} })))).toEqual([
      400,
      'unknown plugin [no-such-plugin]',
    ])
  })

  it('encrypts their secrets, and holds their identities apart', async () => {
    await start('{mode: accept}')
    const jack = { username: 'jack', plugins: { 'basic-auth': { username: 'u', password: 'secret-1' } } }
    expect((await plane.put('/consumers', jack)).status).toBe(201)
    expect((await plane.store.get('/consumers/jack')).entry?.value).not.toContain('secret-1')
    expect((await plane.get('/consumers/jack')).json).toMatchObject({ value: jack })
    expect(errorOf(await plane.put('/consumers', { ...jack, username: 'rose' }))).toEqual([
      400,
      'duplicate username of plugin basic-auth found with consumer: jack',
    ])
  })

  it('encrypts the secrets of metadata', async () => {
    await start('{mode: accept}', 'plugins: [azure-functions, error-log-logger]')
    const azure = { master_apikey: 'secret-2', id: 'azure-functions' }
    await plane.put('/plugin_metadata/azure-functions', { master_apikey: 'secret-2' })
    expect((await plane.store.get('/plugin_metadata/azure-functions')).entry?.value).not.toContain('secret-2')
    expect((await plane.get('/plugin_metadata/azure-functions')).json).toMatchObject({ value: azure })
    const clickhouse = { user: 'u', password: 'secret-3' }
    await plane.put('/plugin_metadata/error-log-logger', { clickhouse })
    expect((await plane.store.get('/plugin_metadata/error-log-logger')).entry?.value).not.toContain(
      'secret-3',
    )
  })
})

describe('ignore', () => {
  it('stores what it names without a word, be it known to APISIX or not', async () => {
    await start('{ignore: [gzip, our-own-lua]}')
    const written = await plane.put('/routes/1', routeWith({ gzip: {}, 'our-own-lua': { a: 1 } }))
    expect([written.status, written.header('x-weir-warning')]).toEqual([201, undefined])
    expect((await plane.get('/routes/1')).json).toMatchObject({
      value: { plugins: { gzip: {}, 'our-own-lua': { a: 1 } } },
    })
    expect(errorOf(await plane.put('/routes/2', routeWith({ gzip: {}, cors: {} })))).toEqual([
      400,
      refused('cors'),
    ])
    expect(errorOf(await plane.put('/routes/2', routeWith({ gzip: { min_length: 'x' } })))).toEqual([
      400,
      expect.stringContaining('failed to check'),
    ])
  })
})
