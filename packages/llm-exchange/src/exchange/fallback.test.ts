// From one instance to the next: what starts it, what ends it, and what it costs.
import { type CounterStore, createLocalCounters, CounterUnavailableError } from '@weir/counters'
import type { HealthView } from '@weir/upstream'
import { createTestContext } from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { call, createQuota, createWorld, hello, open, streamed, type World } from '../llm-world.testing.ts'
import type { RouteSettings } from '../settings.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const first = await serverOfFile('first')
const second = await serverOfFile('second')

const instances = (paths: readonly [string, string] = ['', '']) => [
  { name: 'hi', priority: 10, options: { model: 'model-hi' }, override: { endpoint: first.url + paths[0] } },
  { name: 'lo', priority: 1, override: { endpoint: second.url + paths[1] } },
]

const route = (more: Partial<RouteSettings> = {}) => world.route(instances(), { timeout: 10_000, ...more })

test.each([
  ['429 with http_429', 429, { fallback_strategy: 'http_429' }, 'second'],
  ['429 with http_5xx only', 429, { fallback_strategy: ['http_5xx'] }, 429],
  ['500 with http_5xx', 500, { fallback_strategy: ['rate_limiting', 'http_5xx'] }, 'second'],
  ['500 without a strategy for it', 500, { fallback_strategy: 'instance_health_and_rate_limiting' }, 500],
  ['500 without any strategy', 500, {}, 500],
  ['401 among the statuses', 401, { fallback_http_statuses: [401] }, 'second'],
  ['401 not among them', 401, { fallback_strategy: ['http_429', 'http_5xx'] }, 401],
  ['no retries allowed', 500, { fallback_strategy: 'http_5xx', max_retries: 0 }, 500],
  ['one retry allowed', 500, { fallback_strategy: 'http_5xx', max_retries: 1 }, 'second'],
] as const)('%s', async (_, status, settings, outcome) => {
  first.setScenario({ status })
  const result = await call(route(settings))
  if (outcome === 'second') {
    expect(result.text).toContain('Hello from mock second')
    expect(result.ctx.upstream.attempts).toMatchObject([{ status }, { status: 200 }])
    // Nothing of the first instance's options is left in the second attempt.
    expect(second.requests[0]?.json).toEqual(hello)
    expect(result.ctx.llm).toMatchObject({ instance: 'lo', model: 'm' })
  } else {
    expect(result).toMatchObject({
      status: outcome,
      text: expect.stringContaining(`mock error ${outcome}`) as string,
    })
    expect(second.requests).toHaveLength(0)
  }
})

test.each([
  ['refused connections', () => first.refuse()],
  ['a reset', async () => first.setScenario({ fault: 'reset' })],
  ['a timeout', async () => first.setScenario({ fault: 'hang' })],
  ['an empty stream', async () => first.setScenario({ body: '', contentType: 'text/event-stream' })],
] as const)('%s counts as 5xx', async (name, fail) => {
  await fail()
  const timeout = name === 'a timeout' ? 1000 : 10_000
  const result = await call(route({ fallback_strategy: 'http_5xx', timeout }), {
    request: { body: streamed },
  })
  if (name === 'refused connections') await first.accept()
  expect(result.text).toContain('mock')
  expect(result.text).toContain('[DONE]')
  expect(second.requests).toHaveLength(1)
})

test('a failure that took too long is not followed by another try', async () => {
  first.setScenario({ delayMs: 100, status: 500 })
  const settings = { fallback_strategy: 'http_5xx', retry_on_failure_within_ms: 50, timeout: 5000 }
  expect(await call(route(settings))).toMatchObject({ status: 500 })
})

test('when all fail, 502 with what the last one said', async () => {
  first.setScenario({ status: 500 })
  second.setScenario({ status: 503, headers: { 'Retry-After': '7' } })
  const result = await call(route({ fallback_strategy: 'http_5xx' }))
  expect(result).toMatchObject({ status: 502, text: expect.stringContaining('mock error 503') as string })
  expect(result.header('retry-after')).toBe('7')
  expect(result.ctx.upstream.attempts.map(({ status }) => status)).toEqual([500, 503])
})

test('one instance is never tried twice', async () => {
  first.setScenario({ status: 429 })
  const [only] = instances()
  const alone = world.route(only ? [only] : [], { fallback_strategy: 'http_429' })
  expect(await call(alone)).toMatchObject({ status: 429 })
  expect(first.requests).toHaveLength(1)
})

test('after the first byte there is no second attempt', async () => {
  first.setScenario({ cutAfterChunks: 1 })
  const result = await call(route({ fallback_strategy: 'http_5xx' }), { request: { body: streamed } })
  expect(result).toMatchObject({ ended: 'broken' })
  expect(second.requests).toHaveLength(0)
})

test('weights are kept, and consistent hashing keeps to its instance', async () => {
  const weighted = world.route([
    { name: 'w8', weight: 8, override: { endpoint: first.url } },
    { name: 'w2', weight: 2, override: { endpoint: second.url } },
  ])
  for (let i = 0; i < 10; i++) await call(weighted)
  expect([first.requests.length, second.requests.length]).toEqual([8, 2])

  const ring = world.route(
    ['c1', 'c2', 'c3'].map((name) => ({ name, override: { endpoint: `${first.url}/${name}` } })),
    { balancer: { algorithm: 'chash', hash_on: 'header', key: 'X-User' } },
  )
  const servedBy = async (headers: Record<string, string>) =>
    (await call(ring, { request: { body: hello, headers } })).ctx.llm?.instance
  expect(await servedBy({ 'x-user': 'u1' })).toBe('c3')
  expect(await servedBy({ 'x-user': 'u2' })).toBe('c2')
  expect(await servedBy({})).toBe('c1')
})

/** A route whose instances are as healthy as `usable` says. */
function checkedRoute() {
  const usable = { hi: true, lo: true }
  const {
    host,
    origins,
    route: create,
  } = createWorld({
    health: ({ label }): HealthView => {
      const isUsable = () => usable[label as 'hi' | 'lo']
      return { isUsable, anyUsable: isUsable, version: 0, report: () => {}, release: () => {} }
    },
  })
  const checks = { active: { type: 'http' } } as NonNullable<Parameters<World['route']>[0][0]['checks']>
  onTestFinished(() => origins.close())
  const checked = create(instances().map((instance) => ({ ...instance, checks })))
  return { usable, checked, alerts: host.alerts }
}

test('an unhealthy instance is passed over, operators hear of both switches, and the return is automatic', async () => {
  const { usable, checked, alerts } = checkedRoute()
  const served = async () => (await call(checked)).ctx.llm?.instance
  expect(await served()).toBe('hi')
  usable.hi = false
  expect(await served()).toBe('lo')
  expect(alerts.raised).toEqual([
    { event: 'fallback', resource: '/apisix/routes/1', from: 'hi', to: 'lo', reason: 'hi is unhealthy' },
  ])
  usable.lo = false
  expect(await served()).toBe('hi')
  usable.hi = true
  await until(async () => {
    expect(await served()).toBe('hi')
    return alerts.raised.at(-1)?.event === 'return'
  })
})

test('an answer to what was asked before a switch is no switch', async () => {
  const { usable, checked, alerts } = checkedRoute()
  first.setScenario({ delayMs: 300 })
  const slow = call(checked)
  await until(() => first.openRequests === 1)
  usable.hi = false
  await call(checked)
  expect((await slow).ctx.llm?.instance).toBe('hi')
  await call(checked)
  usable.hi = true
  await call(checked)
  expect(alerts.raised.map(({ event }) => event)).toEqual(['fallback', 'return'])
})

test('the cost is booked before the last byte reaches the client, and exactly once', async () => {
  const quota = createQuota({ hi: 100 })
  const result = await call(route(), { request: { body: hello }, quotas: [quota] })
  expect(result.ctx.responseHeader('x-left-hi')).toBe('100')
  expect(await quota.used('hi')).toBe(15)

  let usedAtDone = -1
  const local = createLocalCounters()
  const streamQuota = createQuota({ hi: 100 }, { store: local })
  await call(route(), { request: { body: streamed }, quotas: [streamQuota] }, (bytes) => {
    if (bytes.includes('[DONE]')) usedAtDone = local.read('hi')?.used ?? 0
  })
  expect(usedAtDone).toBe(15)
  expect(local.read('hi')).toMatchObject({ used: 15, reserved: 0 })
})

test.each([
  ['reject', 502],
  ['next_instance', 200],
] as const)('after a failure, a quota that says %s', async (onRefusal, status) => {
  const quota = createQuota({ lo: 1 }, { level: 'consumer', onRefusal })
  const three = world.route(
    [...instances(), { name: 'third', priority: 0, override: { endpoint: second.url } }],
    {
      fallback_strategy: ['http_5xx', 'rate_limiting'],
    },
  )
  first.setScenario({ status: 500 })
  // The first call uses the quota on the second instance up.
  expect((await call(three, { request: { body: hello }, quotas: [quota] })).status).toBe(200)
  expect(await call(three, { request: { body: hello }, quotas: [quota] })).toMatchObject({ status })
})

test('an answer is kept within what was reserved for it', async () => {
  const store = createLocalCounters()
  const quota = createQuota(
    {},
    {
      store,
      asks: (_ctx, instance, { promptTokens, completionTokens, answers }) => [
        {
          store,
          key: instance,
          limit: 100,
          windowSeconds: 60,
          amount: promptTokens + completionTokens,
          least: promptTokens + answers,
          admission: 'fits',
          cost: ({ totalTokens }) => totalTokens,
          completionOf: (granted) => granted - promptTokens,
        },
      ],
    },
  )
  const body = { ...hello, max_tokens: 1000, n: 2 }
  const result = await call(route(), { request: { body }, quotas: [quota] })
  expect(result.status).toBe(200)
  const { max_tokens: sent } = first.requests[0]!.json as { max_tokens: number }
  const promptTokens = Math.ceil(JSON.stringify(body).length / 4)
  expect(sent).toBe(Math.floor((100 - promptTokens) / 2))
})

/** One call for each instance, and then so many seconds. */
const wait = (seconds: Readonly<Record<string, string>>) =>
  createQuota(
    { hi: 1, lo: 1 },
    {
      refusal: (_ctx, instance) => ({ status: 429, headers: { 'Retry-After': seconds[instance]! } }),
    },
  )

test('quotas: the next instance where the strategy says so, and then none', async () => {
  const quota = createQuota({ hi: 20, lo: 20 })
  const falling = route({ fallback_strategy: 'instance_health_and_rate_limiting' })
  const served = []
  for (let i = 0; i < 5; i++) {
    const result = await call(falling, { request: { body: hello }, quotas: [quota] })
    served.push(result.status === 200 ? result.ctx.llm?.instance : result.text)
  }
  expect(served).toEqual(['hi', 'hi', 'lo', 'lo', 'all servers tried'])

  const sooner = wait({ hi: '60', lo: '20' })
  for (let i = 0; i < 2; i++) await call(falling, { request: { body: hello }, quotas: [sooner] })
  const refused = await call(falling, { request: { body: hello }, quotas: [sooner] })
  expect(refused).toMatchObject({ status: 503, text: 'all servers tried' })
  expect(refused.header('Retry-After')).toBe('20')

  // Out of its own quota everywhere, a consumer is told so.
  const own = createQuota({ hi: 1, lo: 1 }, { level: 'consumer', prefix: 'own ' })
  for (let i = 0; i < 2; i++) await call(falling, { request: { body: hello }, quotas: [own] })
  expect(await call(falling, { request: { body: hello }, quotas: [own] })).toMatchObject({
    status: 429,
    text: '{"error_msg":"own quota"}\n',
  })

  const fixed = createQuota({ hi: 1 })
  await call(route(), { request: { body: hello }, quotas: [fixed] })
  expect(await call(route(), { request: { body: hello }, quotas: [fixed] })).toMatchObject({
    status: 429,
    text: '{"error_msg":"quota"}\n',
  })
  const rejecting = createQuota({ hi: 1 }, { onRefusal: 'reject' })
  await call(falling, { request: { body: hello }, quotas: [rejecting] })
  expect(await call(falling, { request: { body: hello }, quotas: [rejecting] })).toMatchObject({
    status: 429,
  })
})

test('a refusal at the instance leaves the consumer untouched, also in another store', async () => {
  for (const stores of ['one', 'two']) {
    const shared = createLocalCounters()
    const consumer = createQuota({ hi: 100 }, { level: 'consumer', prefix: 'c-', store: shared })
    const instance = createQuota({ hi: 1 }, stores === 'one' ? { store: shared } : {})
    const ask = () => call(route(), { request: { body: hello }, quotas: [consumer, instance] })
    expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect(refused).toMatchObject({ status: 429, text: '{"error_msg":"quota"}\n' })
    expect(refused.ctx.responseHeader('x-left-c-hi')).toBe('85')
    expect(shared.read('c-hi')).toMatchObject({ used: 15, reserved: 0 })

    const exhausted = createQuota({ hi: 1 }, { level: 'consumer', prefix: 'd-', store: shared })
    const never = createQuota({ hi: 100 }, { prefix: 'never-' })
    await call(route(), { request: { body: hello }, quotas: [exhausted, never] })
    const byConsumer = await call(route(), { request: { body: hello }, quotas: [exhausted, never] })
    expect(byConsumer).toMatchObject({ status: 429, text: '{"error_msg":"d-quota"}\n' })
    expect(byConsumer.ctx.responseHeader('x-left-never-hi')).toBeUndefined()
    expect(await never.used('hi')).toBe(15)
  }
})

test('the reservation moves with the attempt; a failed attempt costs nothing', async () => {
  first.setScenario({ status: 500 })
  const store = createLocalCounters()
  const quota = createQuota({ hi: 100, lo: 100 }, { store })
  const falling = route({ fallback_strategy: 'http_5xx' })
  await call(falling, { request: { body: hello }, quotas: [quota] })
  expect(store.read('hi')).toMatchObject({ used: 0, reserved: 0 })
  expect(store.read('lo')).toMatchObject({ used: 15, reserved: 0 })

  // The next instance has no quota left: nobody answers.
  const empty = createQuota({ lo: 10 }, { store, prefix: 'e-' })
  await call(falling, { request: { body: hello }, quotas: [empty] })
  expect(await call(falling, { request: { body: hello }, quotas: [empty] })).toMatchObject({ status: 502 })
})

test('an admitted request that is refused later gives its reservation back', async () => {
  const store = createLocalCounters()
  const quota = createQuota({ hi: 100 }, { store })
  const ctx = createTestContext({ request: { body: hello }, quotas: [quota] })
  await route().access(ctx)
  expect(await ctx.llm?.admit()).toBeUndefined()
  expect(await ctx.llm?.admit()).toBeUndefined()
  expect(store.read('hi')).toMatchObject({ reserved: 1 })
  ctx.llm?.finish()
  ctx.llm?.finish()
  expect(store.read('hi')).toMatchObject({ used: 0, reserved: 0 })
})

test('a client that leaves pays for what it got', async () => {
  first.setScenario({ gapMs: 20, words: Array.from({ length: 100 }, (_, i) => ` word${i}`) })
  const quota = createQuota({ hi: 10_000 })
  const ctx = createTestContext({ request: { body: streamed }, quotas: [quota] })
  const { body } = await open(route(), ctx)
  if (typeof body !== 'object' || Buffer.isBuffer(body)) throw new Error('no stream')
  let chunks = 0
  body.start({ chunk: () => chunks++, end: () => {}, fail: () => {} })
  await until(() => chunks > 3)
  body.abort(new Error('the client left'))
  expect(await quota.used('hi')).toBeGreaterThan(15)
})

test('a reservation lives as long as its request may last: to connect, to be answered, to stream', async () => {
  const local = createLocalCounters()
  const leases: number[] = []
  const store: CounterStore = {
    reserve(asks, leaseMs) {
      leases.push(leaseMs)
      return local.reserve(asks, leaseMs)
    },
    settle: (lease, used) => local.settle(lease, used),
    renew: (lease, leaseMs) => local.renew(lease, leaseMs),
    read: (key) => local.read(key),
    reset: (key) => local.reset(key),
    list: (prefix, max) => local.list(prefix, max),
  }
  const quotas = [createQuota({ hi: 10_000 }, { store })]
  await call(route({ timeout: 1000, max_stream_duration_ms: 7000 }), { request: { body: hello }, quotas })
  await call(route({ timeout: 1000 }), { request: { body: hello }, quotas })
  expect(leases).toEqual([9000, 600_000])
})

test('counters that are away refuse, or let pass where that is allowed', async () => {
  const store = createLocalCounters()
  const away = {
    reserve: () => Promise.reject(new CounterUnavailableError('away')),
    renew: () => undefined,
    settle: () => undefined,
    read: () => undefined,
    reset: () => undefined,
    list: () => ({ keys: [], isComplete: true }),
  }
  const other = createQuota({ hi: 100 }, { store, prefix: 'o-' })
  const strict = createQuota({ hi: 100 }, { store: away })
  expect(await call(route(), { request: { body: hello }, quotas: [other, strict] })).toMatchObject({
    status: 500,
  })
  expect(store.read('o-hi')).toMatchObject({ used: 0, reserved: 0 })
  const lenient = createQuota({ hi: 100 }, { store: away, unavailable: () => undefined })
  expect(await call(route(), { request: { body: hello }, quotas: [lenient, other] })).toMatchObject({
    status: 200,
  })
  expect(await other.used('hi')).toBe(15)
})

test('a thousand at once do not all pass on the quota of one', async () => {
  const quota = createQuota({ hi: 16 })
  first.setScenario({ delayMs: 50 })
  const single = route()
  const results = await Promise.all(
    Array.from({ length: 50 }, () => call(single, { request: { body: hello }, quotas: [quota] })),
  )
  expect(results.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(16)
  expect(await quota.used('hi')).toBe(results.filter(({ status }) => status === 200).length * 15)
})
