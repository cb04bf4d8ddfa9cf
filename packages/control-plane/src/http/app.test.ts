// What lies beside the resources: CORS, pages, the plugins of the build, the end.
import { definePlugin } from '@weir/plugin-api'
import { defaultPluginNames, defineSchema } from '@weir/contract'
import { RawExchange, rawRequest, until } from '@weir/testkit'
import { describe, expect, it } from 'vitest'
import { adminKey, startTestPlane, testSettings } from '../testing/test-plane.ts'

describe('CORS', () => {
  it('is allowed from everywhere by default', async () => {
    const plane = await startTestPlane()
    const answer = await plane.get('/routes')
    const headers = ['origin', 'credentials'].map((name) => answer.header(`access-control-allow-${name}`))
    expect(headers).toEqual(['*', 'true'])
    const preflight = await rawRequest({ port: plane.port, method: 'OPTIONS', path: '/anything' })
    expect([preflight.status, preflight.header('access-control-max-age')]).toEqual([200, '3600'])
    await plane.close()
  })

  it('can be switched off', async () => {
    const plane = await startTestPlane({ config: `${testSettings}    enable_admin_cors: false\n` })
    expect((await plane.get('/routes')).header('access-control-allow-origin')).toBeUndefined()
    const path = '/apisix/admin/routes'
    expect((await rawRequest({ port: plane.port, method: 'OPTIONS', path })).status).toBe(404)
    await plane.close()
  })
})

it('says no version when it may not', async () => {
  const plane = await startTestPlane({ config: `${testSettings}\napisix: {enable_server_tokens: false}` })
  expect((await plane.get('/routes')).header('server')).toBe('APISIX')
  await plane.close()
})

const streamPlugins = ['ip-restriction', 'limit-conn', 'mqtt-proxy', 'traffic-split', 'syslog'].map(
  (name) => ({
    name,
    stream: true,
  }),
)

const own = definePlugin({
  name: 'own',
  priority: 1,
  schema: defineSchema({ type: 'object', properties: {} }),
  create: () => ({}),
})

describe('plugins', () => {
  it('are listed by priority, with their schemas, whether they run here or not', async () => {
    const plane = await startTestPlane({
      plugins: [own],
      config: `${testSettings}\nplugins: [cors, limit-count]`,
    })
    expect((await plane.get('/plugins/list')).json).toEqual(['cors', 'limit-count', 'own'])
    expect((await plane.get('/plugins/list?subsystem=stream')).json).toEqual([
      'ip-restriction',
      'limit-conn',
      'mqtt-proxy',
      'traffic-split',
      'syslog',
    ])
    expect((await plane.get('/plugins/list?subsystem=x')).text).toBe('invalid subsystem passed')
    expect((await plane.get('/plugins/limit-count')).json).toMatchObject({
      properties: { count: {}, _meta: { properties: { disable: {} } } },
      encrypt_fields: ['redis_password', 'sentinel_password'],
    })
    expect((await plane.get('/plugins/mqtt-proxy')).status).toBe(404)
    expect((await plane.get('/plugins/mqtt-proxy?subsystem=stream')).json).toMatchObject({ type: 'object' })
    expect((await plane.get('/plugins/limit-count?subsystem=x')).status).toBe(400)
    expect((await plane.get('/plugins/cors?schema_type=consumer')).json).toEqual({
      error_msg: 'not found schema',
    })
    expect((await plane.get('/plugins?all=true')).json).toMatchObject({
      cors: { version: 0.1, priority: 4000, schema: {}, metadata_schema: {} },
      own: { version: 0.1, priority: 1, schema: {} },
    })
    expect((await plane.get('/plugins?all=true&subsystem=stream')).json).toHaveProperty('mqtt-proxy')
    await plane.close()
  })

  it("are APISIX's and this build's, unless there is a list", async () => {
    const plane = await startTestPlane({ plugins: [own] })
    const { json } = await plane.get('/plugins/list')
    expect(json).toHaveLength(defaultPluginNames.length + 1)
    expect(json).toContain('own')
    await plane.close()
  })

  it('can be read again, and the names go to the store', async () => {
    const plane = await startTestPlane({
      readPlugins: async () => ({ names: ['own'], plugins: [own] }),
    })
    const route = { uri: '/a', plugins: { own: {} } }
    expect((await plane.put('/routes/1', route)).status).toBe(400)
    expect((await plane.put('/plugins/reload', undefined)).text).toBe('done')
    expect((await plane.put('/routes/1', route)).status).toBe(201)
    const names = (await plane.store.get('/plugins')).entry?.value ?? ''
    expect(JSON.parse(names)).toEqual([{ name: 'own' }, ...streamPlugins])
    await plane.close()
  })

  it('stay when they cannot be read again', async () => {
    const plane = await startTestPlane({
      readPlugins: () => Promise.reject(new Error('config.yaml is broken')),
    })
    expect(await plane.put('/plugins/reload', undefined)).toMatchObject({
      status: 400,
      json: { error_msg: 'failed to reload the plugins: config.yaml is broken' },
    })
    expect((await plane.get('/plugins/cors')).status).toBe(200)
    await plane.close()
  })

  it('a configured list replaces another one in the store, and makes none', async () => {
    const config = `${testSettings}\nplugins: [cors, key-auth]\nstream_plugins: [syslog]`
    const first = await startTestPlane({ config })
    await until(async () => (await first.store.get('/routes/')).entry !== undefined)
    await first.store.put('/plugins', '[{"name":"cors"}]')
    const second = await startTestPlane({ config, store: first.store })
    const names = '[{"name":"cors"},{"name":"key-auth"},{"name":"syslog","stream":true}]'
    await until(async () => (await first.store.get('/plugins')).entry?.value === names)
    await second.close()
    await first.close()
  })
})

it('lets a request under way finish before it closes', async () => {
  const plane = await startTestPlane()
  const body = JSON.stringify({ nodes: { '127.0.0.1:1980': 1 } })
  const exchange = new RawExchange({
    port: plane.port,
    method: 'PUT',
    path: '/apisix/admin/upstreams/1',
    headers: { 'X-API-KEY': adminKey, 'Content-Length': String(body.length), Expect: '100-continue' },
  })
  await until(() => exchange.received.length > 0)
  const closed = plane.close()
  exchange.write(body)
  expect((await exchange.done).text).toContain('"key":"/apisix/upstreams/1"')
  await closed
})
