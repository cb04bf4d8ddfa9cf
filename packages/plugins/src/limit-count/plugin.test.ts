import { type RequestCounters, CounterUnavailableError } from '@weir/counters'
import { complaintAbout, createInstance, createTestContext, createTestHost } from '@weir/plugin-api/harness'
import { rateLimitingInfo } from '@weir/plugin-api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTestStores } from '../token-quota/quota-harness.ts'
import { limitCount } from './plugin.ts'

function setUp(config: object, metadata?: object) {
  const counters = createTestStores()
  const instanceOf = (changed: object, resourceKey = '/apisix/routes/1') => {
    const owner = { resourceKey, kind: 'route' as const, id: '1' }
    const host = createTestHost({ counters, owner, metadata: () => metadata })
    return createInstance(limitCount, changed, host)
  }
  const own = instanceOf(config)
  const send = async (headers: Record<string, string> = {}, instance = own) => {
    const ctx = createTestContext({ request: { headers } })
    return { reply: await instance.access?.(ctx), headers: ctx.responseHeaders, ctx }
  }
  return { counters, instanceOf, send }
}

test('as recorded: what remains after the request, until nothing does', async () => {
  const { send, counters } = setUp({
    count: 2,
    time_window: 60,
    rejected_code: 429,
    rejected_msg: 'too many',
  })
  const first = await send()
  expect(first.ctx.state.get(rateLimitingInfo)).toMatchObject({ limit: 2, remaining: 1, resetMs: 60_000 })
  expect(first.headers).toEqual([
    ['X-RateLimit-Limit', '2'],
    ['X-RateLimit-Remaining', '1'],
    ['X-RateLimit-Reset', '60'],
  ])
  counters.wait(70)
  expect((await send()).headers[2]).toEqual(['X-RateLimit-Reset', '59.93'])
  const third = await send()
  expect(third.reply).toEqual({
    status: 429,
    body: { error_msg: 'too many' },
    headers: { 'Retry-After': '60' },
  })
  expect(third.headers[1]).toEqual(['X-RateLimit-Remaining', '0'])
  counters.wait(60_000)
  expect((await send()).reply).toBeUndefined()
})

describe('counters', () => {
  const byHeader = { count: 1, time_window: 60, key: 'http_who', show_limit_quota_header: false }

  test('each value of the key has its own; without one it is the address', async () => {
    const { send } = setUp(byHeader)
    expect((await send({ who: 'a' })).reply).toBeUndefined()
    expect((await send({ who: 'a' })).reply?.status).toBe(503)
    expect((await send({ who: 'b' })).reply).toBeUndefined()
    expect((await send()).reply).toBeUndefined()
    expect((await send()).reply?.status).toBe(503)
    expect((await send()).headers).toEqual([])
  })

  test('a changed configuration starts anew, another document has its own, a group counts together', async () => {
    const config = { count: 1, time_window: 60 }
    const { send, instanceOf } = setUp(config)
    await send()
    expect((await send({}, instanceOf(config))).reply?.status).toBe(503)
    expect((await send({}, instanceOf({ ...config, time_window: 61 }))).reply).toBeUndefined()
    expect((await send({}, instanceOf(config, '/apisix/routes/2'))).reply).toBeUndefined()
    const grouped = { ...config, group: 'g' }
    expect((await send({}, instanceOf(grouped))).reply).toBeUndefined()
    expect((await send({}, instanceOf(grouped, '/apisix/routes/2'))).reply?.status).toBe(503)
  })

  test('keys are made of several variables, or are the same for all', async () => {
    const { send, instanceOf } = setUp({
      ...byHeader,
      key: '$http_who $http_app',
      key_type: 'var_combination',
    })
    await send({ who: 'a', app: 'x' })
    expect((await send({ who: 'a', app: 'y' })).reply).toBeUndefined()
    expect((await send({ who: 'a', app: 'x' })).reply?.status).toBe(503)
    const constant = instanceOf({ ...byHeader, key: 'all', key_type: 'constant' })
    await send({ who: 'a' }, constant)
    expect((await send({ who: 'b' }, constant)).reply?.status).toBe(503)
  })

  test('limits come from the request', async () => {
    const { send } = setUp({ count: '${http_limit ?? 1}', time_window: '$http_window' })
    expect((await send({ limit: '3', window: '60' })).headers[0]).toEqual(['X-RateLimit-Limit', '3'])
    expect((await send({ limit: '3' })).reply).toEqual({ status: 500 })
  })
})

test('rules: each with its headers, the first refusal decides', async () => {
  const { send, instanceOf } = setUp({
    rules: [
      { count: 5, time_window: 60, key: '$http_who' },
      { count: 1, time_window: 60, key: '$http_app', header_prefix: 'App' },
    ],
  })
  const first = await send({ who: 'a', app: 'x' })
  expect(first.headers.map(([name]) => name)).toEqual([
    'X-1-RateLimit-Limit',
    'X-1-RateLimit-Remaining',
    'X-1-RateLimit-Reset',
    'X-App-RateLimit-Limit',
    'X-App-RateLimit-Remaining',
    'X-App-RateLimit-Reset',
  ])
  expect((await send({ who: 'b', app: 'x' })).reply?.status).toBe(503)
  expect((await send({ who: 'b' })).reply).toBeUndefined()
  expect((await send()).reply).toEqual({ status: 500 })
  const lenient = instanceOf({
    rules: [{ count: 1, time_window: 1, key: '$http_who' }],
    allow_degradation: true,
  })
  expect((await send({}, lenient)).reply).toBeUndefined()
})

test('a sliding window never admits more than its limit at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), async (count) => {
      const { send } = setUp({ count, time_window: 86_400, window_type: 'sliding' })
      let admitted = 0
      for (let i = 0; i < count + 5; i++) {
        const { reply, headers } = await send()
        if (reply) expect(headers[1]).toEqual(['X-RateLimit-Remaining', '0'])
        else admitted++
      }
      expect(admitted).toBe(count)
    }),
  )
})

test('the metadata names the headers', async () => {
  const { send } = setUp({ count: 2, time_window: 60 }, { limit_header: 'X-Most', reset_header: 'X-Again' })
  expect((await send()).headers.map(([name]) => name)).toEqual(['X-Most', 'X-RateLimit-Remaining', 'X-Again'])
})

test('the metadata names the headers of rules, too: the prefix stands before RateLimit', async () => {
  const rules = [
    { count: 2, time_window: 60, key: '$http_who' },
    { count: 5, time_window: 60, key: '$http_app', header_prefix: 'App' },
  ]
  const { send } = setUp({ rules }, { limit_header: 'Acme-RateLimit-Most', reset_header: 'Acme-Again' })
  expect((await send({ who: 'a', app: 'x' })).headers).toEqual([
    ['Acme-1-RateLimit-Most', '2'],
    ['X-1-RateLimit-Remaining', '1'],
    ['Acme-Again', '60'],
    ['Acme-App-RateLimit-Most', '5'],
    ['X-App-RateLimit-Remaining', '4'],
  ])
})

test('where two limits of a request tell under the same names, the later one is told', async () => {
  const { instanceOf, send } = setUp({ count: 5, time_window: 60 })
  const ctx = createTestContext()
  await instanceOf({ count: 9, time_window: 60 }, '/apisix/global_rules/1').access?.(ctx)
  await instanceOf({ count: 5, time_window: 60 }).access?.(ctx)
  expect(ctx.responseHeaders).toEqual((await send()).headers.map(([name], i) => [name, ['5', '4', '60'][i]]))
})

test('a shared counter is told later only of windows that are longer than that', async () => {
  const stores = createTestStores()
  const own = stores.requests({ policy: 'local' })
  const amounts: number[] = []
  const hit: RequestCounters['hit'] = (key, amount, seconds) => {
    amounts.push(amount)
    return own.hit(key, amount, seconds)
  }
  const requests = () => ({ slide: own.slide, leak: own.leak, enter: own.enter, hit })
  const config = { ...shared, time_window: '$http_window', sync_interval: 5 }
  const instance = createInstance(limitCount, config, createTestHost({ counters: { ...stores, requests } }))
  await instance.access?.(createTestContext({ request: { headers: { window: '60' } } }))
  expect(amounts).toEqual([0])
  await instance.access?.(createTestContext({ request: { headers: { window: '5' } } }))
  expect(amounts).toEqual([0, 1])
  void instance.dispose?.()
})

const away: RequestCounters['hit'] = () => Promise.reject(new CounterUnavailableError('away'))

test.each([
  [false, { status: 500, body: { error_msg: 'failed to limit count' } }],
  [true, undefined],
])('counters that are away, allow_degradation %s', async (allow_degradation, reply) => {
  const stores = createTestStores()
  const counters = { ...stores, requests: () => ({ ...stores.requests({ policy: 'local' }), hit: away }) }
  const instance = createInstance(
    limitCount,
    { count: 1, time_window: 1, allow_degradation },
    createTestHost({ counters }),
  )
  expect(await instance.access?.(createTestContext())).toEqual(reply)
})

const shared = { count: 1, time_window: 5, policy: 'redis', redis_host: 'localhost' }

test.each([
  [
    { count: -1, time_window: 60 },
    'property "count" validation failed: value should match only one schema, but matches none',
  ],
  [
    { count: 1, time_window: 1, rules: [] },
    'value should match only one schema, but matches both schemas 1 and 2',
  ],
  [{ rules: [], group: 'g' }, 'group and rules cannot be specified at the same time'],
  [{ ...shared, sync_interval: 0.05 }, 'sync_interval should not be smaller than 0.1'],
  [{ ...shared, sync_interval: 5 }, 'sync_interval should be smaller than time_window'],
  [{ count: 1, time_window: 1, policy: 'redis' }, 'then clause did not match'],
])('%j is refused', (config, complaint) => {
  expect(complaintAbout(limitCount, config)).toContain(complaint)
})
