import { isJsonObject } from '@weir/contract'
import { plugins as built } from '@weir/plugins'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestPlane, testSettings, type TestPlane } from '../testing/test-plane.ts'

const mismatch = 'failed to check the configuration of plugin limit-count err: group conf mismatched'

let plane: TestPlane
beforeEach(async () => {
  plane = await startTestPlane({ plugins: built, config: testSettings })
})
afterEach(() => plane.close())

const limit = { count: 2, time_window: 60, group: 'g' }
const route = (limitCount: object) => ({
  uri: '/a',
  upstream: { nodes: { '127.0.0.1:1980': 1 } },
  plugins: { 'limit-count': limitCount },
})

async function put(path: string, document: object): Promise<unknown> {
  const { status, json } = await plane.put(path, document)
  return status < 300 ? status : isJsonObject(json) && json['error_msg']
}

test('whoever joins a group must have its configuration, defaults and all', async () => {
  expect(await put('/routes/1', route(limit))).toBe(201)
  expect(await put('/routes/2', route({ ...limit, count: 3 }))).toBe(mismatch)
  expect(await put('/routes/2', route({ ...limit, policy: 'local', key: 'remote_addr' }))).toBe(201)
  expect(await put('/services/1', { plugins: { 'limit-count': { ...limit, rejected_code: 429 } } })).toBe(
    mismatch,
  )
  expect(await put('/consumer_groups/1', { plugins: { 'limit-count': { ...limit, time_window: 61 } } })).toBe(
    mismatch,
  )
  expect(
    await put('/consumers/jack', { username: 'jack', plugins: { 'limit-count': { ...limit, key: 'uri' } } }),
  ).toBe(`invalid plugins configuration: ${mismatch}`)
  expect(await put('/routes/3', route({ ...limit, count: 3, group: 'other' }))).toBe(201)
  const patched = await plane.patch('/routes/2', { plugins: { 'limit-count': { count: 5 } } })
  expect(patched).toMatchObject({ status: 400, json: { error_msg: mismatch } })
})

test('the only member of a group may change, and so may one that is disabled', async () => {
  await put('/routes/1', route(limit))
  expect(await put('/routes/1', route({ ...limit, count: 3 }))).toBe(200)
  expect(await put('/routes/2', route({ ...limit, _meta: { disable: true } }))).toBe(201)
  expect(await put('/routes/1', route({ ...limit, count: 4 }))).toBe(200)
  const enabled = await plane.patch('/routes/2', {
    plugins: { 'limit-count': { _meta: { disable: false } } },
  })
  expect(enabled).toMatchObject({ status: 400, json: { error_msg: mismatch } })
  await plane.delete('/routes/1')
  expect(await put('/routes/2', route(limit))).toBe(200)
})

test('what belongs to another policy does not matter, secrets at rest are compared as they are meant', async () => {
  const redis = { ...limit, policy: 'redis', redis_host: 'localhost', redis_password: 'secret' }
  expect(await put('/routes/1', route(redis))).toBe(201)
  expect(await put('/routes/2', route({ ...redis, redis_cluster_name: 'x', _meta: { priority: 5 } }))).toBe(
    201,
  )
  expect(await put('/routes/3', route({ ...redis, redis_database: 1 }))).toBe(mismatch)
  expect(await put('/routes/3', route({ ...redis, redis_password: 'other' }))).toBe(mismatch)
})

test('a whole configuration is checked against itself', async () => {
  const routes = [limit, limit, { ...limit, count: 3 }].map((one, i) => ({ id: `${i}`, ...route(one) }))
  const checked = await plane.post('/configs/validate', { routes })
  expect(checked.json).toMatchObject({ errors: [{ resource_id: '2', index: 2, error: mismatch }] })
})
