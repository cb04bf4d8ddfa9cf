import { createCipher, encryptFields, parseSettings } from '@weir/contract'
import {
  allocateCounters,
  createCounterStores,
  createLocalCounters,
  type CounterStore,
  toCounterPolicy,
} from '@weir/counters'
import { createInstance, createTestContext, createTestHost } from '@weir/plugin-api/harness'
import { plugins } from '@weir/plugins'
import { startRedis } from '@weir/testkit'
import { afterEach, expect, test } from 'vitest'
import { type LocalServer, startLocalServer } from '../server/index.ts'
import { answerControl, type ControlApiSources } from './control-api.ts'
import { Feed, toChanges } from './feed.ts'
import { QuotaBooks } from './quota-books.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** What is left of a window of so many seconds, a few of which a busy machine may take. */
const soonAfter = (seconds: number) => expect.closeTo(seconds, -1) as number

const named = (name: string) => plugins.find((plugin) => plugin.name === name)!
const limitCount = named('limit-count')
const aiRateLimiting = named('ai-rate-limiting')

const annKey = 'plugin-ai-consumer-rate-limiting:v1:/apisix/consumers/ann:total_tokens:3600:instance:fast'

const documents: Readonly<Record<string, object>> = {
  '/routes/chat': {
    uri: '/chat',
    plugins: {
      'ai-proxy-multi': { instances: [{ name: 'fast' }, { name: 'slow' }] },
      'ai-rate-limiting': {
        instances: [{ name: 'fast', limit: 500, time_window: 60 }],
        limit: 100,
        time_window: 60,
      },
    },
  },
  '/consumers/ann': {
    username: 'ann',
    plugins: {
      'ai-consumer-rate-limiting': { instances: [{ name: 'fast', limit: 1000, time_window: 3600 }] },
    },
  },
  '/consumers/ann/credentials/app': {
    plugins: { 'ai-consumer-rate-limiting': { limit: 5, time_window: 60 } },
  },
  '/consumers/bob': { username: 'bob', group_id: 'team' },
  '/consumer_groups/team': {
    plugins: { 'ai-consumer-rate-limiting': { limit: 70, time_window: 60, limit_strategy: 'prompt_tokens' } },
  },
}

async function start(given: Readonly<Record<string, object>>) {
  const settings = parseSettings('{}', {})
  const counters = allocateCounters()
  const local: CounterStore = createLocalCounters(counters)
  const feed = new Feed()
  const entries = Object.entries(given).map(([key, value], i) => ({
    key,
    value: JSON.stringify(value),
    createRevision: i + 1,
    modRevision: i + 1,
  }))
  feed.apply(toChanges(entries), 9)
  const quotas = new QuotaBooks({
    prefix: '/apisix',
    settings,
    plugins,
    counters,
    entries: () => feed.entries,
    findSecret: (reference) => (reference.endsWith('/known') ? { value: 'a-secret' } : 'pending'),
  })
  const sources: ControlApiSources = {
    prefix: '/apisix',
    identity: { id: 'a', hostname: 'h', version: '0', boot_time: 0 },
    etcdVersion: () => 'unknown',
    feed,
    plugins: () => ({ names: undefined, modules: [] }),
    applied: () => [],
    quotas,
    checkers: () => [],
    collectGarbage() {},
    reload() {},
    store: () => ({ reachable: true }),
  }
  const server: LocalServer = await startLocalServer({ ip: '127.0.0.1', port: 0 }, (request) =>
    answerControl(sources, request),
  )
  cleanups.push(() => server.close())
  cleanups.push(() => quotas.close())
  return {
    local,
    counters,
    settings,
    async ask(query: string, method = 'GET') {
      const response = await fetch(`http://127.0.0.1:${server.address.port}/v1/quotas${query}`, { method })
      return { status: response.status, json: (await response.json()) as Record<string, unknown> }
    },
  }
}

function use(store: CounterStore, key: string, used: number, reserved: number) {
  const ask = { key, limit: 1000, windowSeconds: 3600, admission: 'fits' as const }
  const spent = store.reserve([{ ...ask, amount: used }], 60_000)
  if (spent instanceof Promise || !spent.admitted) throw new Error('refused')
  void store.settle(spent.lease, [used])
  void store.reserve([{ ...ask, amount: reserved }], 60_000)
}

test('who has which quotas, and what is used of them', async () => {
  const { ask, local } = await start(documents)
  use(local, annKey, 120, 30)
  expect(await ask('?consumer=ann&instance=fast')).toEqual({
    status: 200,
    json: {
      quotas: [
        {
          plugin: 'ai-consumer-rate-limiting',
          resource: '/apisix/consumers/ann',
          consumer: 'ann',
          instance: 'fast',
          limit_strategy: 'total_tokens',
          limit: 1000,
          time_window: 3600,
          policy: 'local',
          used: 120,
          reserved: 30,
          remaining: 850,
          reset: soonAfter(3600),
          key: annKey,
        },
      ],
    },
  })
  // A member of a group has its own account under the group's limit.
  expect((await ask('?consumer=bob')).json['quotas']).toMatchObject([
    {
      resource: '/apisix/consumer_groups/team',
      consumer: 'bob',
      limit: 70,
      used: 0,
      remaining: 70,
      reset: 0,
    },
  ])
  const both = (await ask('?instance=fast')).json['quotas']
  expect(both).toMatchObject([
    { plugin: 'ai-rate-limiting', resource: '/apisix/routes/chat', limit: 500 },
    { plugin: 'ai-consumer-rate-limiting', consumer: 'ann' },
  ])
  expect((await ask('?consumer=ann')).json['quotas']).toMatchObject([
    { instance: 'fast' },
    { key: expect.stringContaining('consumers/ann/credentials/app:') as string },
  ])
  expect((await ask('')).json['quotas']).toHaveLength(4)
})

test('a reset gives back what was used, to those who are named and nobody else', async () => {
  const { ask, local } = await start(documents)
  use(local, annKey, 120, 30)
  expect(await ask('', 'DELETE')).toMatchObject({ status: 400 })
  expect(await ask('?consumer=bob', 'DELETE')).toEqual({ status: 200, json: { reset: 0 } })
  expect(await ask('?consumer=ann&instance=fast', 'DELETE')).toEqual({ status: 200, json: { reset: 1 } })
  expect((await ask('?consumer=ann&instance=fast')).json['quotas']).toMatchObject([
    { used: 0, reserved: 30, reset: 0 },
  ])
})

test('shared counters are read where they are, with the password from the store', async () => {
  const redis = await startRedis({ args: ['--requirepass', 'a-secret'] })
  cleanups.push(() => redis.stop())
  const { keyring } = parseSettings('{}', {}).apisix.data_encryption
  const limiting = {
    instances: [{ name: 'fast', limit: 1000, time_window: 3600 }],
    policy: 'redis',
    redis_host: redis.host,
    redis_port: redis.port,
    redis_password: 'a-secret',
  }
  const { ask } = await start({
    '/consumers/ann': {
      username: 'ann',
      plugins: {
        'ai-consumer-rate-limiting': encryptFields(limiting, ['redis_password'], createCipher(keyring)),
      },
    },
  })
  const stores = createCounterStores(createLocalCounters())
  const store = stores.open(toCounterPolicy({ ...limiting, policy: 'redis' }))
  const ask1 = { key: annKey, limit: 1000, windowSeconds: 100, amount: 1, admission: 'fits' as const }
  const spent = await store.reserve([ask1], 60_000)
  if (spent.admitted) await store.settle(spent.lease, [77])
  stores.close()
  expect((await ask('?consumer=ann')).json['quotas']).toMatchObject([
    { policy: 'redis', used: 77, reset: soonAfter(100) },
  ])
  await redis.kill()
  expect(await ask('?consumer=ann')).toMatchObject({ status: 503 })
})

test('a password may be a secret; what it opens is not told of until the secret is known', async () => {
  const redis = await startRedis({ args: ['--requirepass', 'a-secret'] })
  cleanups.push(() => redis.stop())
  const quota = {
    limit: 10,
    time_window: 60,
    policy: 'redis',
    redis_host: redis.host,
    redis_port: redis.port,
  }
  const holder = (username: string, redis_password: string) => ({
    username,
    plugins: { 'ai-consumer-rate-limiting': { ...quota, redis_password } },
  })
  const { ask } = await start({
    '/consumers/ann': holder('ann', '$secret://vault/1/redis/known'),
    '/consumers/bob': holder('bob', '$secret://vault/1/redis/other'),
  })
  expect((await ask('')).json['quotas']).toMatchObject([{ consumer: 'ann', limit: 10, used: 0 }])
})

/** Sends requests through a plugin's configuration of a document, so that its counters are there. */
function requestsOn(
  counters: SharedArrayBuffer,
  plugin: typeof limitCount,
  config: object,
  resourceKey: string,
) {
  const owner = { resourceKey, kind: 'route' as const, id: '1' }
  const stores = createCounterStores(createLocalCounters(counters))
  cleanups.push(() => stores.close())
  const instance = createInstance(plugin, config, createTestHost({ counters: stores, owner }))
  return (headers: Record<string, string>) => {
    const ctx = createTestContext({ request: { headers } })
    const quota = instance.quota
    if (!quota) return instance.access?.(ctx)
    const estimate = { promptTokens: 5, completionTokens: 0, answers: 1, isBounded: true }
    const asks = quota.asks(ctx, 'fast', estimate)
    if ('status' in asks) throw new Error('refused')
    return asks[0]!.store.reserve(asks, 60_000)
  }
}

test('accounts that requests name are found in the counters, filtered, bounded and reset', async () => {
  const rules = [
    { count: 100, time_window: 60, key: 'user:$http_user' },
    { count: 500, time_window: 3600, key: 'team:$http_team' },
  ]
  const limit = { count: 3, time_window: 60, key: 'http_user' }
  const { ask, counters } = await start({
    '/routes/chat': { uri: '/chat', plugins: { 'ai-rate-limiting': { rules, _meta: { priority: 1 } } } },
    '/routes/plain': { uri: '/plain', plugins: { 'limit-count': limit } },
    '/routes/other': { uri: '/other', plugins: { 'limit-count': { ...limit, _meta: { disable: true } } } },
    '/routes/sliding': { uri: '/sliding', plugins: { 'limit-count': { ...limit, window_type: 'sliding' } } },
  })
  const chat = requestsOn(counters, aiRateLimiting, { rules }, '/apisix/routes/chat')
  await chat({ user: 'ann' })
  await chat({ team: 'red' })
  const plain = requestsOn(counters, limitCount, limit, '/apisix/routes/plain')
  for (const user of ['ann', 'bob', 'bob', 'cid']) await plain({ user })

  const values = async (query: string) => {
    const { json } = await ask(query)
    const quotas = json['quotas'] as { resource: string; value: string; used: number }[]
    return quotas.map(({ resource, value, used }) => `${resource.slice(15)} ${value} ${used}`).toSorted()
  }
  expect(await values('')).toEqual([
    'chat team:red 0',
    'chat user:ann 0',
    'plain ann 1',
    'plain bob 2',
    'plain cid 1',
  ])
  expect((await ask('?resource=/apisix/routes/chat&value=user:ann')).json).toEqual({
    quotas: [
      {
        plugin: 'ai-rate-limiting',
        resource: '/apisix/routes/chat',
        value: 'user:ann',
        limit_strategy: 'total_tokens',
        limit: 100,
        time_window: 60,
        policy: 'local',
        used: 0,
        reserved: 5,
        remaining: 95,
        reset: soonAfter(60),
        key: expect.stringMatching(
          /^plugin-ai-rate-limiting:v1:\/apisix\/routes\/chat:\d+:user:ann$/,
        ) as string,
      },
    ],
  })
  expect((await ask('?plugin=limit-count&value=bob')).json['quotas']).toMatchObject([
    { limit_strategy: 'requests', limit: 3, used: 2, remaining: 1 },
  ])
  expect(await values('?instance=fast')).toEqual([])
  expect(await values('?consumer=ann')).toEqual([])
  const some = (await ask('?plugin=limit-count&limit=2')).json
  expect(some).toMatchObject({ quotas: { length: 2 }, more: true })
  expect((await ask('?limit=0')).status).toBe(400)

  expect((await ask('?plugin=limit-count', 'DELETE')).status).toBe(400)
  expect(await ask('?value=bob', 'DELETE')).toEqual({ status: 200, json: { reset: 1 } })
  expect(await values('?plugin=limit-count')).toEqual(['plain ann 1', 'plain cid 1'])
  expect(await ask('?resource=/apisix/routes/plain', 'DELETE')).toEqual({ status: 200, json: { reset: 2 } })
  expect(await values('?plugin=limit-count')).toEqual([])
  expect(await values('')).toHaveLength(2)
})

test('of very many rules some are looked through, and it is said that there are more', async () => {
  const limit = { count: 3, time_window: 60, key: 'http_user' }
  const route = { uri: '/', plugins: { 'limit-count': limit } }
  const { ask, counters } = await start(
    Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`/routes/${i}`, route])),
  )
  await requestsOn(counters, limitCount, limit, '/apisix/routes/100')({ user: 'ann' })
  expect((await ask('')).json).toEqual({ quotas: [], more: true })
  expect((await ask('?resource=/apisix/routes/100')).json['quotas']).toMatchObject([{ value: 'ann' }])
  expect((await ask('?value=ann')).json['quotas']).toMatchObject([{ resource: '/apisix/routes/100' }])
})

test('members of a group are told of once, wherever their configuration stands', async () => {
  const limit = { count: 3, time_window: 60, group: 'all', key_type: 'constant', key: 'everybody' }
  const { ask, counters } = await start({
    '/routes/1': { uri: '/1', plugins: { 'limit-count': limit } },
    '/routes/2': { uri: '/2', plugins: { 'limit-count': limit } },
  })
  await requestsOn(counters, limitCount, limit, '/apisix/routes/2')({})
  expect((await ask('')).json['quotas']).toMatchObject([
    { resource: '/apisix/routes/1', value: 'everybody', key: 'plugin-limit-count:v1:all:everybody', used: 1 },
  ])
})

test('shared counters that requests name are found where they are', async () => {
  const redis = await startRedis()
  cleanups.push(() => redis.stop())
  const config = {
    rules: [{ count: 10, time_window: 60, key: '$http_user' }],
    policy: 'redis',
    redis_host: redis.host,
    redis_port: redis.port,
  }
  const { ask, counters } = await start({ '/routes/1': { uri: '/1', plugins: { 'limit-count': config } } })
  const send = requestsOn(counters, limitCount, config, '/apisix/routes/1')
  for (const user of ['ann', 'ann', 'bob{1}']) await send({ user })
  expect((await ask('?value=ann')).json['quotas']).toMatchObject([{ policy: 'redis', limit: 10, used: 2 }])
  const { json } = await ask('')
  expect(new Set((json['quotas'] as { used: number }[]).map(({ used }) => used))).toEqual(new Set([1, 2]))
  expect(await ask('?value=bob{1}', 'DELETE')).toEqual({ status: 200, json: { reset: 1 } })
  expect((await ask('')).json['quotas']).toMatchObject([{ value: 'ann' }])
})
