// Protos, stream routes and decorations of GraphQL schemas, of which the recording shows little.
import { isJsonObject } from '@weir/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestPlane, testSettings, type Answer, type TestPlane } from '../testing/test-plane.ts'

const errorOf = ({ status, json, text }: Answer) => [
  status,
  isJsonObject(json) ? (json['error_msg'] ?? json['message']) : text,
]
const valueOf = ({ json }: Answer) => (isJsonObject(json) ? json['value'] : undefined)

describe('protos', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane()
  })
  afterAll(() => plane.close())

  // protoc --descriptor_set_out of: package a; message A { string n = 1; } service S { rpc X(A) returns (A); }
  const compiled = 'CjgKB2EucHJvdG8SAWEiEgoBQRINCgFuGAEgASgJQgIQADIOCgFTEgkKAVgSAUEaAUFiBnByb3RvMw=='

  it.each([
    'syntax = "proto3"; message A { string a = 1; map<string, A> b = 2; }',
    'message A { optional string a = 1; }',
    'syntax = "proto3"; import "google/protobuf/any.proto"; message A { google.protobuf.Any a = 1; }',
    compiled,
  ])('%s is stored as it is', async (content) => {
    expect((await plane.put('/protos/1', { content })).status).toBeLessThan(300)
    expect(valueOf(await plane.get('/protos/1'))).toMatchObject({ id: '1', content })
  })

  it.each([
    'syntax = nope',
    'syntax = "proto3"; message A { B b = 1; }',
    'message A { string a = 1; }',
    'aGVsbG8=',
    'message A {'.repeat(10_000),
    '.x'.repeat(100_000),
  ])('content %# is refused, in a few words', async (content) => {
    expect(errorOf(await plane.put('/protos/bad', { content }))).toEqual([
      400,
      expect.stringMatching(/^invalid content: .{1,300}$/s),
    ])
  })

  it.each([
    ['routes', 'route', { uri: '/a' }],
    ['services', 'service', {}],
  ])('are kept for grpc-transcode in %s', async (collection, what, members) => {
    await plane.put('/protos/2', { content: compiled })
    await plane.store.put(
      `/${collection}/x`,
      JSON.stringify({ ...members, id: 'x', plugins: { 'grpc-transcode': { proto_id: 2 } } }),
    )
    // A list waits for what others wrote.
    await plane.get(`/${collection}`)
    expect(errorOf(await plane.delete('/protos/2'))).toEqual([
      400,
      `can not delete this proto, ${what} [x] is still using it now`,
    ])
    await plane.store.delete(`/${collection}/x`)
    await plane.get(`/${collection}`)
    expect((await plane.delete('/protos/2')).status).toBe(200)
  })

  it('are not patched', async () => {
    const refused = await plane.patch('/protos/1', {})
    expect(errorOf(refused)).toEqual([405, 'not supported `PATCH` method for proto'])
  })
})

describe('stream routes, where streams are proxied', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane({ config: `${testSettings}\napisix: {proxy_mode: http&stream}` })
  })
  afterAll(() => plane.close())

  const upstream = { nodes: { '127.0.0.1:1980': 1 } }
  const put = (id: string, document: object) =>
    plane.put(`/stream_routes/${id}`, { server_port: 9100, upstream, ...document })

  it('are stored, listed and deleted', async () => {
    expect((await put('1', { plugins: { 'ip-restriction': { whitelist: ['10.0.0.0/8'] } } })).status).toBe(
      201,
    )
    const posted = await plane.post('/stream_routes', { upstream })
    expect(posted.status).toBe(201)
    expect((await plane.get('/stream_routes')).json).toMatchObject({ total: 2 })
    expect((await plane.delete('/stream_routes/1')).status).toBe(200)
    expect(errorOf(await plane.patch('/stream_routes/1', {}))).toEqual([
      405,
      'not supported `PATCH` method for stream route',
    ])
  })

  it.each([
    [{ server_port: 0 }, /^invalid configuration: property "server_port" validation failed/],
    [{ upstream_id: 'none' }, /^failed to fetch upstream info by upstream id \[none\], response code: 404$/],
    [{ service_id: 'none' }, /^failed to fetch service info by service id \[none\], response code: 404$/],
    [{ plugins: { 'ai-proxy': {} } }, /^unknown plugin \[ai-proxy\]$/],
    [{ plugins: { 'ip-restriction': 1 } }, /^invalid plugin conf 1 for plugin \[ip-restriction\]$/],
    [
      { plugins: { 'ip-restriction': {} } },
      /^failed to check the configuration of stream plugin \[ip-restriction\]: ./,
    ],
    [{ protocol: { name: 'redis', superior_id: 'bad' } }, /^stream route can not set itself as superior_id$/],
    [
      { protocol: { name: 'redis', superior_id: 'none' } },
      /^failed to fetch stream routes\[none\], response code: 404$/,
    ],
  ])('%j is refused', async (members, message) => {
    expect(errorOf(await put('bad', members))).toEqual([400, expect.stringMatching(message)])
  })

  it('stay below their superior, which speaks the same protocol and is not deleted first', async () => {
    expect((await put('up', { protocol: { name: 'redis' } })).status).toBe(201)
    expect(errorOf(await put('down', { protocol: { name: 'dubbo', superior_id: 'up' } }))).toEqual([
      400,
      'protocol mismatch: subordinate protocol [dubbo] does not match superior protocol [redis]',
    ])
    expect((await put('down', { protocol: { name: 'redis', superior_id: 'up' } })).status).toBe(201)
    expect(errorOf(await plane.delete('/stream_routes/up'))).toEqual([
      400,
      'can not delete this stream route directly, stream route [down] is still using it as superior_id',
    ])
    expect((await plane.delete('/stream_routes/up?force=true')).status).toBe(200)
  })

  it('keep their service', async () => {
    await plane.put('/services/s', {})
    await put('s', { service_id: 's' })
    expect(errorOf(await plane.delete('/services/s'))).toEqual([
      400,
      'can not delete this service directly, stream_route [s] is still using it now',
    ])
    expect((await plane.get('/stream_routes?filter=service_id%3Ds')).json).toMatchObject({ total: 1 })
  })
})

describe('decorations', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane()
    await plane.put('/services/shop', {})
  })
  afterAll(() => plane.close())

  const path = '/services/shop/graphql_cost_decorations'

  it('belong to the service of their path', async () => {
    const made = await plane.put(`${path}/d1`, { field_path: 'Query.products', mul_arguments: ['first'] })
    expect([made.status, made.json]).toMatchObject([
      201,
      { key: `/apisix${path}/d1`, value: { id: 'd1', service_id: 'shop', field_path: 'Query.products' } },
    ])
    const posted = await plane.post(path, { field_path: 'Product.reviews' })
    expect([posted.status, valueOf(posted)]).toMatchObject([201, { service_id: 'shop' }])
    expect((await plane.get(path)).json).toMatchObject({ total: 2 })
    expect((await plane.get('/services')).json).toMatchObject({ total: 1 })
    const patched = await plane.patch(`${path}/d1`, { add_value: 7 })
    expect([patched.status, valueOf(patched)]).toMatchObject([200, { add_value: 7, service_id: 'shop' }])
    expect((await plane.delete(`${path}/d1`)).status).toBe(200)
    expect((await plane.get(path)).json).toMatchObject({ total: 1 })
  })

  it('are refused where they do not fit', async () => {
    const put = (at: string, document: object) => plane.put(at, document)
    await put(`${path}/d1`, { field_path: 'Query.products' })
    const answers = [
      await put('/services/none/graphql_cost_decorations/d', { field_path: 'Query.a' }),
      await put(`${path}/d2`, { field_path: 'Query.orders', service_id: 'blog' }),
      await put(`${path}/d2`, { field_path: 'Query.products' }),
      await put('/graphql_cost_decorations/d2', { field_path: 'Query.a' }),
      await plane.patch(`${path}/d1`, { service_id: 'blog' }),
    ]
    expect(answers.map(errorOf)).toEqual([
      [404, 'service not found'],
      [400, 'wrong service_id, it is taken from the path'],
      [400, 'field_path Query.products is already decorated on this service by [d1]'],
      [400, 'missing service id'],
      [400, 'service_id can not be patched'],
    ])
    for (const bad of [{ field_path: '9Query' }, { field_path: 'Query.a', add_value: -1 }, {}])
      expect((await put(`${path}/d2`, bad)).status).toBe(400)
  })

  it('go with their service, not before it, and do not come back with its namesake', async () => {
    await plane.put('/services/gone', {})
    const below = '/services/gone/graphql_cost_decorations'
    await plane.put(`${below}/d`, { field_path: 'Query.a' })
    await plane.put('/routes/r', { uri: '/a', service_id: 'gone' })
    expect((await plane.delete('/services/gone')).status).toBe(400)
    expect((await plane.get(below)).json).toMatchObject({ total: 1 })
    await plane.delete('/routes/r')
    expect((await plane.delete('/services/gone')).status).toBe(200)
    expect((await plane.get(below)).status).toBe(404)
    // Left behind, as by a control plane that was stopped in the middle.
    await plane.store.put(`${below}/d`, '{"field_path":"Query.a"}')
    await plane.get('/services')
    expect((await plane.put('/services/gone', { hosts: 1 })).status).toBe(400)
    expect((await plane.get(below)).json).toMatchObject({ total: 1 })
    expect((await plane.put('/services/gone', {})).status).toBe(201)
    expect((await plane.get(below)).status).toBe(404)
  })
})
