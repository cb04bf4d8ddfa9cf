// What the recording does not show: references, identities and usage right after a write, secrets, ttl, PATCH races.
import { isJsonObject } from '@weir/contract'
import { plugins as built } from '@weir/plugins'
import { until } from '@weir/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acceptingSettings, startTestPlane, type Answer, type TestPlane } from '../testing/test-plane.ts'

const upstream = { type: 'roundrobin', nodes: { '127.0.0.1:1980': 1 } }
const route = { uri: '/a', upstream }

let plane: TestPlane
beforeEach(async () => {
  plane = await startTestPlane({ plugins: built, config: acceptingSettings })
})
afterEach(() => plane.close())

const errorOf = (answer: Answer) => [
  answer.status,
  isJsonObject(answer.json) ? answer.json['error_msg'] : answer.text,
]
const valueOf = (answer: Answer) => (isJsonObject(answer.json) ? answer.json['value'] : undefined)

describe('use and references', () => {
  it('are seen right after each write', async () => {
    for (let i = 0; i < 20; i += 1) {
      await plane.put('/upstreams/u', upstream)
      await plane.put('/routes/r', { uri: '/a', upstream_id: 'u' })
      expect(errorOf(await plane.delete('/upstreams/u'))).toEqual([
        400,
        'can not delete this upstream, route [r] is still using it now',
      ])
      await plane.delete('/routes/r')
      expect((await plane.delete('/upstreams/u')).status).toBe(200)
    }
  })

  it('numbers and texts are the same id', async () => {
    await plane.put('/upstreams', { id: 1, ...upstream })
    await plane.put('/routes/r', { uri: '/a', upstream_id: 1 })
    expect((await plane.delete('/upstreams/1')).status).toBe(400)
    expect((await plane.put('/routes/r', { uri: '/a', upstream_id: '1' })).status).toBe(200)
    expect((await plane.delete('/upstreams/1')).status).toBe(400)
    expect((await plane.delete('/upstreams/1?force=true')).status).toBe(200)
  })

  it.each([
    ['routes', 'route', { uri: '/a' }],
    ['services', 'service', {}],
    ['plugin_configs', 'plugin_config', {}],
    ['consumer_groups', 'consumer_group', {}],
    ['global_rules', 'global_rules', {}],
    ['consumers', 'consumer', { username: 'x' }],
  ])('a traffic-split rule in %s keeps its upstream', async (collection, what, members) => {
    await plane.put('/upstreams/u', upstream)
    const plugins = {
      'traffic-split': { rules: [{ weighted_upstreams: [{ upstream_id: 'u', weight: 1 }] }] },
    }
    expect((await plane.put(`/${collection}/x`, { ...members, plugins })).status).toBe(201)
    expect(errorOf(await plane.delete('/upstreams/u'))).toEqual([
      400,
      `can not delete this upstream, plugin in ${what} [x] is still using it now`,
    ])
  })

  it.each([
    ['upstream_id', 'upstream info by upstream id'],
    ['service_id', 'service info by service id'],
    ['plugin_config_id', 'plugin config info by plugin config id'],
  ])('%s must lead somewhere, in a PATCH too', async (member, what) => {
    await plane.put('/routes/r', route)
    expect(errorOf(await plane.patch('/routes/r', { [member]: 'nope' }))).toEqual([
      400,
      `failed to fetch ${what} [nope], response code: 404`,
    ])
    expect(valueOf(await plane.get('/routes/r'))).not.toHaveProperty(member)
  })
})

describe('identities', () => {
  it('are unique among consumers and credentials, right after each write', async () => {
    await plane.put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'k1' } } })
    await plane.put('/consumers/jack/credentials/c1', { plugins: { 'key-auth': { key: 'k2' } } })
    const rose = (key: string) =>
      plane.put('/consumers', { username: 'rose', plugins: { 'key-auth': { key } } })
    expect(errorOf(await rose('k1'))).toEqual([
      400,
      'duplicate key of plugin key-auth found with consumer: jack',
    ])
    expect(errorOf(await rose('k2'))).toEqual([
      400,
      'duplicate key of plugin key-auth found with credential: c1 of consumer: jack',
    ])
    expect((await rose('$env://KEY')).status).toBe(201)
    // A consumer may have what its own credential has, but not the other way round.
    expect(
      (await plane.put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'k2' } } })).status,
    ).toBe(200)
    const again = await plane.put('/consumers/jack/credentials/c1', {
      plugins: { 'key-auth': { key: 'k2' } },
    })
    expect(errorOf(again)).toEqual([400, 'duplicate key of plugin key-auth found with consumer: jack'])
  })

  it('are free again when their consumer is gone, credentials and all', async () => {
    await plane.put('/consumers', { username: 'jack' })
    await plane.put('/consumers/jack/credentials/c1', { plugins: { 'key-auth': { key: 'k' } } })
    await plane.delete('/consumers/jack')
    expect((await plane.get('/consumers/jack/credentials')).status).toBe(404)
    const rose = { username: 'rose', plugins: { 'key-auth': { key: 'k' } } }
    expect((await plane.put('/consumers', rose)).status).toBe(201)
  })

  it('a plugin stands in one global rule', async () => {
    await plane.put('/global_rules/1', { plugins: { cors: {} } })
    const other = { plugins: { cors: {}, 'limit-count': { count: 1, time_window: 1 } } }
    expect(errorOf(await plane.put('/global_rules/2', other))).toEqual([
      400,
      "plugin 'cors' already exists in global rule with id '1'",
    ])
    expect((await plane.put('/global_rules/1', other)).status).toBe(200)
  })
})

describe('secrets', () => {
  it('are stored encrypted and shown in the clear', async () => {
    await plane.put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'jack-key' } } })
    const plugins = { 'limit-count': { count: 1, time_window: 1, redis_password: 'jack-key' } }
    await plane.put('/routes/1', { ...route, plugins })
    for (const key of ['/consumers/jack', '/routes/1']) {
      const { entry } = await plane.store.get(key)
      expect(entry?.value).toContain('1jhUSuP5Dz3oF/IEiJ1SAg==')
      expect(entry?.value).not.toContain('jack-key')
    }
    expect(valueOf(await plane.get('/routes/1'))).toMatchObject({ plugins })
    expect((await plane.get('/consumers')).text).toContain('"jack-key"')
  })

  it('survive a PATCH that does not name them', async () => {
    const plugins = { 'limit-count': { count: 1, time_window: 1, redis_password: 'p' } }
    await plane.put('/routes/1', { ...route, plugins })
    await plane.patch('/routes/1', { desc: 'x' })
    await plane.patch('/routes/1/plugins/limit-count/count', 2)
    expect(valueOf(await plane.get('/routes/1'))).toMatchObject({
      desc: 'x',
      plugins: { 'limit-count': { count: 2, redis_password: 'p' } },
    })
  })

  it('are stored as they are when encryption is off, except for keys of certificates', async () => {
    await plane.close()
    plane = await startTestPlane({
      plugins: built,
      config: `
apisix: {data_encryption: {enable_encrypt_fields: false}}
deployment: {admin: {admin_key_required: false, admin_listen: {ip: 127.0.0.1, port: 0}}}`,
    })
    await plane.put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'jack-key' } } })
    expect((await plane.store.get('/consumers/jack')).entry?.value).toContain('"jack-key"')
    const pem = `-----BEGIN PRIVATE KEY-----\n${'x'.repeat(128)}`
    await plane.put('/upstreams/1', { ...upstream, tls: { client_cert: pem, client_key: pem } })
    const stored = (await plane.store.get('/upstreams/1')).entry?.value ?? ''
    expect(JSON.parse(stored)).toMatchObject({
      tls: { client_cert: pem, client_key: expect.not.stringContaining('PRIVATE') },
    })
  })
})

describe('plugins', () => {
  it.each([
    [{ nope: {} }, 'unknown plugin [nope]'],
    [{ nope: 1 }, 'invalid plugin conf 1 for plugin [nope]'],
    [{ 'limit-count': null }, 'invalid plugin conf null for plugin [limit-count]'],
    [
      { cors: { _meta: { zz: 1 } } },
      'failed to check the configuration of plugin cors err: property "_meta" validation failed: additional properties forbidden, found zz',
    ],
    [
      { cors: { _meta: { filter: [['a', '??', 1]] } } },
      "failed to validate the 'vars' expression: invalid operator '??'",
    ],
    [
      { cors: { _meta: { pre_function: 'return 1' } } },
      'failed to load _meta.pre_function in plugin cors: Weir does not run Lua',
    ],
  ])('%j is refused', async (plugins, message) => {
    expect(errorOf(await plane.put('/routes/1', { ...route, plugins }))).toEqual([400, message])
    expect((await plane.get('/routes/1')).status).toBe(404)
  })

  it('a disabled one may be wrong, but not unknown', async () => {
    const off = { _meta: { disable: true } }
    expect((await plane.put('/routes/1', { ...route, plugins: { 'limit-count': off } })).status).toBe(201)
    expect((await plane.put('/routes/1', { ...route, plugins: { nope: off } })).status).toBe(400)
  })

  it('an empty array is an empty configuration', async () => {
    expect((await plane.put('/routes/1', { ...route, plugins: { cors: [] } })).status).toBe(201)
  })
})

describe('PATCH', () => {
  it('loses no change silently when many change one document at once', async () => {
    await plane.put('/routes/1', { ...route, labels: {} })
    const names = Array.from({ length: 16 }, (_, i) => `n${i}`)
    const answers = await Promise.all(
      names.map((name) => plane.patch('/routes/1', { labels: { [name]: 'x' } })),
    )
    const kept = names.filter((_, i) => answers[i]?.status === 200)
    const lost = answers.filter((answer) => answer.status !== 200)
    expect(kept.length).toBeGreaterThan(0)
    for (const answer of lost) expect(errorOf(answer)).toEqual([503, 'value changed before overwritten'])
    expect(valueOf(await plane.get('/routes/1'))).toMatchObject({
      labels: Object.fromEntries(kept.map((name) => [name, 'x'])),
    })
  })

  it.each([
    ['/routes/1', '[1]', 'invalid configuration'],
    ['/routes/1', '1', 'invalid configuration'],
    ['/routes/1', 'null', 'invalid configuration'],
    ['/routes/1/uri/x', '1', 'invalid sub-path: /uri'],
    [
      '/routes/1/uri',
      'null',
      'invalid configuration: property "uri" validation failed: wrong type: expected string, got userdata',
    ],
    ['/routes', '{}', 'missing route id'],
  ])('%s %s is refused', async (path, body, message) => {
    await plane.put('/routes/1', route)
    expect(errorOf(await plane.patch(path, body))).toEqual([400, message])
  })

  it('may set the times, and else moves update_time', async () => {
    await plane.put('/routes/1', route)
    const patched = await plane.patch('/routes/1', { create_time: 5, update_time: 6 })
    expect(valueOf(patched)).toMatchObject({ create_time: 5, update_time: 6 })
    const moved = valueOf(await plane.patch('/routes/1/', { desc: 'x' }))
    expect(moved).toMatchObject({ create_time: 5, update_time: expect.closeTo(Date.now() / 1000, -1) })
  })
})

describe('times and lives', () => {
  it.each(['create_time', 'update_time'])('%s may not be set, wherever it stands', async (name) => {
    const bodies = [{ [name]: 1 }, { upstream: { ...upstream, [name]: 1 } }, { plugins: { [name]: {} } }]
    const messages = await Promise.all(bodies.map((body) => plane.put('/routes/1', { ...route, ...body })))
    expect(messages.map(errorOf)).toEqual([
      [400, `the property is forbidden:  ${name}`],
      [400, `the property is forbidden:  upstream.${name}`],
      [400, `the property is forbidden:  plugins.${name}`],
    ])
  })

  it('a document with a ttl vanishes', async () => {
    expect((await plane.put('/routes/1?ttl=1', route)).status).toBe(201)
    expect((await plane.get('/routes/1')).status).toBe(200)
    await until(async () => (await plane.get('/routes/1')).status === 404)
    await until(async () => (await plane.get('/routes')).text.includes('"total":0'))
  })

  it.each(['', 'x', '0', '-1', '1e99'])('ttl=%s is refused', async (ttl) => {
    expect((await plane.put(`/routes/1?ttl=${ttl}`, route)).status).toBe(400)
    expect((await plane.get('/routes/1')).status).toBe(404)
  })

  it('shows what somebody wrote past the Admin API', async () => {
    await plane.store.put('/routes/text', 'no JSON')
    await plane.store.put('/routes/2', '{"uri":"/b","id":"2"}')
    expect(valueOf(await plane.get('/routes/text'))).toBe('no JSON')
    await until(async () => (await plane.get('/routes')).text.includes('"total":1'))
    expect((await plane.patch('/routes/text', { desc: 'x' })).status).toBe(400)
  })
})

it('a long list arrives whole, however it is sent', async () => {
  const ids = Array.from({ length: 1_300 }, (_, i) => `r${i}`)
  await Promise.all(
    ids.map((id) =>
      plane.store.put(`/routes/${id}`, JSON.stringify({ id, uri: '/ä', plugins: { cors: {} } })),
    ),
  )
  // Written past the control plane, which learns of it a little later.
  await until(async () => (await plane.get('/routes?page_size=10')).text.includes(`"total":${ids.length},`))
  const { json, text } = await plane.get('/routes')
  const list = isJsonObject(json) && Array.isArray(json['list']) ? json['list'] : []
  expect(isJsonObject(json) ? json['total'] : json).toBe(ids.length)
  expect(list.map(({ key }: { key: string }) => key)).toEqual(
    ids.map((id) => `/apisix/routes/${id}`).toSorted(),
  )
  expect(text.endsWith(']}\n')).toBe(true)
})
