// What lies in the store and no Admin API would have taken: lists, checks and writes go on beside it.
import { isJsonObject } from '@weir/contract'
import { plugins } from '@weir/plugins'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptingSettings, startTestPlane, type TestPlane } from '../testing/test-plane.ts'

const deep = `{"plugins":{"limit-count":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`

/** Shown in lists as they are: JSON objects, whatever their members. */
const odd: readonly string[] = [
  '{}',
  '{"id":{},"uri":5,"uris":{"a":1},"labels":[1],"name":["x"],"upstream_id":{"a":1},"service_id":null}',
  '{"plugins":"x","protocol":5,"upstream":[],"field_path":{}}',
  '{"plugins":{"key-auth":null,"limit-count":"x","cors":[1],"traffic-split":{"rules":[{"weighted_upstreams":5}]}}}',
  '{"plugins":{"key-auth":{"key":5},"basic-auth":{"username":{},"password":[]},"limit-count":{"redis_password":{}}}}',
  '{"plugins":{"grpc-transcode":{"proto_id":{}},"ai-proxy":{"auth":[{"header":5}]}},"key":5,"keys":{"a":1}}',
  `{"desc":"${'x'.repeat(1_400_000)}"}`,
  '{"__proto__":{"plugins":1},"constructor":1,"hasOwnProperty":2}',
]

/** In no list. */
const broken: readonly string[] = [
  '',
  '{',
  'null',
  '5',
  '"text"',
  '[]',
  '[{}]',
  'init_dir',
  '\u0000',
  deep,
  `"${'\\"'.repeat(100_000)}`,
]

const collections = [
  'routes',
  'services',
  'upstreams',
  'consumers',
  'consumer_groups',
  'plugin_configs',
  'global_rules',
  'plugin_metadata',
  'protos',
  'ssls',
  'secrets',
]

describe('bad documents', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane({ plugins, config: acceptingSettings })
    for (const collection of collections) {
      for (const [i, value] of odd.entries()) await plane.store.put(`/${collection}/odd${i}`, value)
      for (const [i, value] of broken.entries()) await plane.store.put(`/${collection}/broken${i}`, value)
      await plane.store.put(`/${collection}/a/b/c//d`, '{}')
    }
    await plane.store.put('/consumers/odd0/credentials/x', '{"plugins":{"key-auth":[]}}')
    await plane.store.put('/consumers/none/credentials/x', '5')
    await plane.store.put('/services/none/graphql_cost_decorations/x', '{"field_path":5}')
    await plane.store.put('/nothing/known', '{"plugins":{"key-auth":{"key":"k"}}}')
  })
  afterAll(() => plane.close())

  it.each(collections)('lists of %s show what is readable', async (collection) => {
    for (const query of ['', '?page=1&page_size=10', '?name=.&uri=.', '?label=a&filter=upstream_id%3D1']) {
      const { status, json } = await plane.get(`/${collection}${query}`)
      expect([status, isJsonObject(json) ? typeof json['total'] : json]).toEqual([200, 'number'])
    }
    const { json } = await plane.get(`/${collection}`)
    const list: { key: string; value: unknown }[] = isJsonObject(json) ? (json['list'] as []) : []
    const shown = list.filter(({ key }) => key.includes('/odd')).map(({ value }) => value)
    expect(shown).toHaveLength(odd.length)
    for (const value of shown) expect(isJsonObject(value)).toBe(true)
    expect(JSON.stringify(list)).not.toContain('broken')
  })

  it.each(collections)('each of %s is shown alone, replaced and deleted', async (collection) => {
    const at = (id: string) => (collection === 'secrets' ? undefined : `/${collection}/${id}`)
    for (const id of [...odd.keys()]
      .map((i) => `odd${i}`)
      .concat([...broken.keys()].map((i) => `broken${i}`))) {
      const path = at(id)
      if (path === undefined) continue
      expect((await plane.get(path)).status).toBe(200)
      expect((await plane.patch(path, { desc: 'x' })).status).toBeLessThan(500)
      expect((await plane.put(path, { desc: 'x' })).status).toBeLessThan(500)
      expect((await plane.delete(path)).status).toBe(200)
    }
  })

  it('keep nobody from writing', async () => {
    const upstream = { nodes: { '127.0.0.1:1980': 1 } }
    expect((await plane.put('/upstreams/u', upstream)).status).toBe(201)
    expect((await plane.put('/routes/r', { uri: '/a', upstream_id: 'u' })).status).toBe(201)
    expect((await plane.delete('/upstreams/u')).status).toBe(400)
    const rose = { username: 'rose', plugins: { 'key-auth': { key: 'k' } } }
    expect((await plane.put('/consumers', rose)).status).toBe(201)
  })
})
