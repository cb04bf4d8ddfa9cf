import { createCipher, encryptFields, parseSettings } from '@weir/contract'
import {
  allocateCounters,
  createCounterStores,
  createLocalCounters,
  type CounterStore,
  toCounterPolicy,
} from '@weir/counters'
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
          reset: 3600,
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
    { policy: 'redis', used: 77, reset: 100 },
  ])
  await redis.kill()
  expect(await ask('?consumer=ann')).toMatchObject({ status: 503 })
})
