import { CounterUnavailableError } from '@weir/counters'
import { openaiChat } from '@weir/llm'
import { complaintAbout, createInstance, createTestExchange, createTestHost } from '@weir/plugin-api/harness'
import { type QuotaSource, rateLimitingInfo } from '@weir/plugin-api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admit, createTestStores, type QuotaRequest, storesOf, tokens } from '../token-quota/quota-harness.ts'
import { aiRateLimiting } from './plugin.ts'

function setUp(config: object, resourceKey = '/apisix/routes/1') {
  const counters = createTestStores()
  const quotaOf = (changed: object): QuotaSource => {
    const owner = { resourceKey, kind: 'route' as const, id: '1' }
    return createInstance(aiRateLimiting, changed, createTestHost({ counters, owner })).quota!
  }
  const quota = quotaOf(config)
  return { counters, quota, quotaOf, send: (request?: QuotaRequest) => admit([quota], request) }
}

describe('one request after another, as recorded of APISIX', () => {
  test('an instance limit of 20 lets requests of 15 tokens pass twice, then refuses with the message', async () => {
    const { send, counters } = setUp({
      instances: [{ name: 'hi', limit: 20, time_window: 60 }],
      rejected_code: 429,
      rejected_msg: 'quota gone',
    })
    const first = await send()
    expect(first.ctx.responseHeaders).toEqual([
      ['X-AI-RateLimit-Limit-hi', '20'],
      ['X-AI-RateLimit-Remaining-hi', '20'],
      ['X-AI-RateLimit-Reset-hi', '60'],
    ])
    await first.settle(tokens(10, 5))
    counters.wait(75)
    const second = await send()
    expect(second.header('X-AI-RateLimit-Remaining-hi')).toBe('5')
    expect(second.header('X-AI-RateLimit-Reset-hi')).toBe('59.92')
    await second.settle(tokens(10, 5))
    counters.wait(125)
    const third = await send()
    expect(third.reply).toEqual({
      status: 429,
      body: { error_msg: 'quota gone' },
      headers: { 'Retry-After': '60' },
    })
    expect(third.ctx.responseHeaders).toEqual([
      ['X-AI-RateLimit-Limit-hi', '20'],
      ['X-AI-RateLimit-Remaining-hi', '0'],
      ['X-AI-RateLimit-Reset-hi', '59.8'],
    ])
    counters.wait(59_800)
    expect((await send()).header('X-AI-RateLimit-Remaining-hi')).toBe('20')
  })

  test('the status is 503 unless configured, and without a message there is no body', async () => {
    const { send } = setUp({ limit: 1, time_window: 60 })
    await (await send()).settle(tokens(1, 0))
    expect((await send()).reply).toEqual({ status: 503, body: undefined, headers: { 'Retry-After': '60' } })
  })

  test('every instance has a counter of its own under the top-level limit', async () => {
    const { send } = setUp({
      limit: 20,
      time_window: 60,
      instances: [{ name: 'hi', limit: 15, time_window: 60 }],
    })
    await (await send({ instance: 'hi' })).settle(tokens(10, 5))
    expect((await send({ instance: 'hi' })).reply?.status).toBe(503)
    const other = await send({ instance: 'lo' })
    expect(other.header('X-AI-RateLimit-Remaining-lo')).toBe('20')
    await other.settle(tokens(10, 10))
    expect((await send({ instance: 'lo' })).reply?.status).toBe(503)
    expect((await send({ instance: 'third' })).reply).toBeUndefined()
  })

  test('the variable rate_limiting_info knows the account that was asked last', async () => {
    const { send, quotaOf } = setUp({ limit: 20, time_window: 60 })
    const first = await send()
    expect(first.ctx.state.get(rateLimitingInfo)).toMatchObject({ limit: 20, remaining: 20, resetMs: 60_000 })
    expect(first.ctx.state.get(rateLimitingInfo)?.key).toMatch(
      /^\/apisix\/routes\/1:\d+:ai-rate-limiting#global:ai-rate-limiting#global$/,
    )
    // What is logged after a request tells what it left.
    const account = `plugin-ai-rate-limiting:v1:${first.ctx.state.get(rateLimitingInfo)?.key}`
    const exchange = createTestExchange({ protocol: openaiChat, body: {}, instance: 'hi' })
    const accounts = [{ account, level: 'instance' as const, reserved: 1, charged: 15, window: 60 }]
    const charged = await send({ llm: { ...exchange, ledger: { ...exchange.ledger, accounts } } })
    expect(charged.ctx.state.get(rateLimitingInfo)).toMatchObject({ remaining: 4 })
    await first.settle(tokens(20, 5))
    expect((await send()).ctx.state.get(rateLimitingInfo)).toMatchObject({ remaining: 0 })
    const rules = ['$http_a', '$http_b'].map((key, i) => ({ key, count: i + 1, time_window: 60 }))
    const byRules = quotaOf({ rules, show_limit_quota_header: false })
    const { ctx } = await admit([byRules], { request: { headers: { a: 'x', b: 'y' } } })
    expect(ctx.state.get(rateLimitingInfo)).toMatchObject({ limit: 2, remaining: 2 })
    expect(ctx.state.get(rateLimitingInfo)?.key).toMatch(/:y$/)
    expect(ctx.responseHeaders).toEqual([])
  })

  test('an instance may have any name, of which its headers tell as they can', async () => {
    const { send } = setUp({ limit: 20, time_window: 60 })
    const names = (await send({ instance: 'qwen 2.5/通义' })).ctx.responseHeaders.map(([name]) => name)
    expect(names).toEqual(
      ['Limit', 'Remaining', 'Reset'].map((what) => `X-AI-RateLimit-${what}-qwen%202.5%2F%E9%80%9A%E4%B9%89`),
    )
  })

  test('an instance without a limit is unlimited and has no headers', async () => {
    const { send } = setUp({ instances: [{ name: 'other', limit: 1, time_window: 60 }] })
    const outcome = await send({ instance: 'hi' })
    expect(outcome).toMatchObject({ reply: undefined, isMetered: false })
    expect(outcome.ctx.responseHeaders).toEqual([])
  })

  test('headers can be left out', async () => {
    const { send } = setUp({ limit: 15, time_window: 60, show_limit_quota_header: false })
    expect((await send()).ctx.responseHeaders).toEqual([])
  })

  test.each([
    ['total_tokens', 15],
    ['prompt_tokens', 10],
    ['completion_tokens', 5],
  ])('%s costs %d', async (limit_strategy, cost) => {
    const { send } = setUp({ limit: 100, time_window: 60, limit_strategy })
    await (await send()).settle(tokens(10, 5))
    expect((await send()).header('X-AI-RateLimit-Remaining-hi')).toBe(String(100 - cost))
  })

  test('an expression costs what it says, and nothing when it cannot be worked out', async () => {
    const { send } = setUp({
      limit: 100,
      time_window: 60,
      limit_strategy: 'expression',
      cost_expr: 'prompt_tokens * 2 + completion_tokens / nothing_if_zero',
    })
    const first = await send()
    await first.settle({
      ...tokens(10, 5),
      raw: { prompt_tokens: 10, completion_tokens: 5, nothing_if_zero: 1 },
    })
    const second = await send()
    expect(second.header('X-AI-RateLimit-Remaining-hi')).toBe('75')
    await second.settle(tokens(10, 5))
    expect((await send()).header('X-AI-RateLimit-Remaining-hi')).toBe('75')
  })

  test('a complete answer without usage costs nothing, one that was cut short is estimated', async () => {
    const { send } = setUp({ limit: 20, time_window: 60 })
    await (await send()).settle({ ...tokens(10, 5), source: 'estimated' })
    await (await send()).settle({ source: 'none' })
    expect((await send()).header('X-AI-RateLimit-Remaining-hi')).toBe('20')
    await (await send()).settle({ ...tokens(10, 5), source: 'estimated', interrupted: true })
    // Two requests before this one have not been settled: each holds its one token.
    expect((await send()).header('X-AI-RateLimit-Remaining-hi')).toBe('4')
  })
})

describe('rules', () => {
  const rules = [
    { count: 20, time_window: 60, key: '${http_x_user}', header_prefix: 'user' },
    { count: 30, time_window: 60, key: '${remote_addr}' },
  ]
  const fromAnn = { request: { headers: { 'x-user': 'ann' } } }

  test('each rule has its headers, in order', async () => {
    const { send } = setUp({ rules })
    expect((await send(fromAnn)).ctx.responseHeaders).toEqual([
      ['X-AI-user-RateLimit-Limit', '20'],
      ['X-AI-user-RateLimit-Remaining', '20'],
      ['X-AI-user-RateLimit-Reset', '60'],
      ['X-AI-2-RateLimit-Limit', '30'],
      ['X-AI-2-RateLimit-Remaining', '30'],
      ['X-AI-2-RateLimit-Reset', '60'],
    ])
  })

  test('a rule whose variable is absent does not apply', async () => {
    const { send } = setUp({ rules })
    const outcome = await send()
    expect(outcome.header('X-AI-user-RateLimit-Limit')).toBeUndefined()
    expect(outcome.header('X-AI-2-RateLimit-Limit')).toBe('30')
  })

  test('the first rule that refuses is the last that is told, and no other instance is tried', async () => {
    const { send, quota } = setUp({ rules })
    await (await send(fromAnn)).settle(tokens(20, 0))
    const outcome = await send(fromAnn)
    expect(outcome.reply?.status).toBe(503)
    expect(outcome.ctx.responseHeaders.map(([name]) => name)).toEqual([
      'X-AI-user-RateLimit-Limit',
      'X-AI-user-RateLimit-Remaining',
      'X-AI-user-RateLimit-Reset',
    ])
    expect(quota.onRefusal).toBe('reject')
    expect((await send({ request: { headers: { 'x-user': 'bob' } } })).reply).toBeUndefined()
  })

  test('when no rule applies the request is refused, unless degradation is allowed', async () => {
    const onlyUsers = [rules[0]]
    expect((await setUp({ rules: onlyUsers }).send()).reply).toEqual({ status: 500 })
    expect((await setUp({ rules: onlyUsers, allow_degradation: true }).send()).reply).toBeUndefined()
  })

  test('a bad number in a rule that applies refuses, whoever sent it', async () => {
    const config = { rules: [{ count: '${http_x_count ?? 5}', time_window: 60, key: '${remote_addr}' }] }
    const { send } = setUp(config)
    expect((await send({ request: { headers: { 'x-count': '0' } } })).reply).toEqual({ status: 500 })
    expect((await send({ request: { headers: { 'x-count': '7' } } })).header('X-AI-1-RateLimit-Limit')).toBe(
      '7',
    )
    expect((await send()).header('X-AI-1-RateLimit-Limit')).toBe('5')
  })
})

describe('limits with variables', () => {
  const config = { limit: '${http_x_limit}', time_window: '${http_x_window ?? 60}' }

  test('are resolved for each request', async () => {
    const { send } = setUp(config)
    const outcome = await send({ request: { headers: { 'x-limit': '12', 'x-window': '5' } } })
    expect(outcome.header('X-AI-RateLimit-Limit-hi')).toBe('12')
    expect(outcome.header('X-AI-RateLimit-Reset-hi')).toBe('5')
  })

  test.each(['', 'ten', '-1', '0', '1.5', '9007199254740992', 'Infinity', '0b1'])(
    'that resolve to "%s" refuse with 500',
    async (value) => {
      const { send } = setUp(config)
      expect((await send({ request: { headers: { 'x-limit': value } } })).reply).toEqual({ status: 500 })
    },
  )

  test('that are missing pass when degradation is allowed', async () => {
    expect(await setUp({ ...config, allow_degradation: true }).send()).toMatchObject({
      reply: undefined,
      isMetered: false,
    })
  })
})

describe('counters', () => {
  test('a changed limiter starts a new counter, any other edit keeps it', async () => {
    const config = { limit: 20, time_window: 60, instances: [{ name: 'hi', limit: 20, time_window: 60 }] }
    const { quota, quotaOf } = setUp(config)
    await (await admit([quota])).settle(tokens(15, 0))
    const remainingAfter = async (changed: object) =>
      (await admit([quotaOf(changed)])).header('X-AI-RateLimit-Remaining-hi')
    expect(await remainingAfter({ ...config, limit_strategy: 'prompt_tokens' })).toBe('5')
    expect(await remainingAfter({ ...config, limit: 7, instances: [...config.instances] })).toBe('4')
    expect(await remainingAfter({ ...config, rejected_code: 429 })).toBe('20')
    expect(await remainingAfter({ ...config, instances: [{ name: 'hi', limit: 21, time_window: 60 }] })).toBe(
      '21',
    )
  })

  test('a key names the owner, the definition and the limiter', async () => {
    const { quota } = setUp({
      limit: 20,
      time_window: 60,
      instances: [{ name: 'hi', limit: 5, time_window: 60 }],
    })
    const estimate = { promptTokens: 1, completionTokens: 1, answers: 1, isBounded: true }
    const { ctx } = await admit([quota])
    const keysOf = (instance: string) => {
      const asks = quota.asks(ctx, instance, estimate)
      return 'status' in asks ? [] : asks.map(({ key }) => key)
    }
    expect(keysOf('hi')).toEqual([
      expect.stringMatching(/^plugin-ai-rate-limiting:v1:\/apisix\/routes\/1:\d+:hi:hi$/),
    ])
    expect(keysOf('lo')).toEqual([
      expect.stringMatching(
        /^plugin-ai-rate-limiting:v1:\/apisix\/routes\/1:\d+:ai-rate-limiting#global:ai-rate-limiting#global$/,
      ),
    ])
  })

  test('counters that are away refuse with 500, or let pass', async () => {
    const away = storesOf({
      reserve: () => Promise.reject(new CounterUnavailableError('redis 10.0.0.1:6379: ECONNREFUSED')),
      renew: () => {},
      settle: () => {},
      read: () => undefined,
      reset: () => {},
      list: () => ({ keys: [], isComplete: true }),
    })
    const config = { limit: 20, time_window: 60, policy: 'redis', redis_host: '10.0.0.1' }
    const strict = createInstance(aiRateLimiting, config, createTestHost({ counters: away })).quota!
    expect((await admit([strict])).reply).toEqual({
      status: 500,
      body: { error_msg: 'failed to limit count' },
    })
    const lax = createInstance(
      aiRateLimiting,
      { ...config, allow_degradation: true },
      createTestHost({ counters: away }),
    ).quota!
    expect((await admit([lax])).reply).toBeUndefined()
  })
})

describe('requests at the same time', () => {
  test('what is under way counts as used', async () => {
    const { send } = setUp({ limit: 20, time_window: 60 })
    const estimate = { promptTokens: 10, completionTokens: 5 }
    const crowd = await Promise.all(Array.from({ length: 10 }, () => send({ estimate })))
    const admitted = crowd.filter(({ reply }) => reply === undefined)
    expect(admitted).toHaveLength(2)
    for (const outcome of admitted) await outcome.settle({ source: 'none' })
    expect((await send()).header('X-AI-RateLimit-Remaining-hi')).toBe('20')
  })

  test('with `admission: fits` no limit is exceeded, whatever the requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12), { maxLength: 30 }), async (sizes) => {
        const { send } = setUp({ limit: 40, time_window: 60, admission: 'fits' })
        const outcomes = await Promise.all(
          sizes.map((size) => send({ estimate: { promptTokens: size, completionTokens: size } })),
        )
        let used = 0
        for (const [i, outcome] of outcomes.entries()) {
          if (outcome.reply) continue
          used += sizes[i]! * 2
          await outcome.settle(tokens(sizes[i]!, sizes[i]!))
        }
        expect(used).toBeLessThanOrEqual(40)
      }),
    )
  })
})

test.each([
  [{}, 'value should match only one schema, but matches none'],
  [{ limit: 10 }, 'property "time_window" is required when "limit" is set'],
  [
    { limit: 1, time_window: 1, rules: [] },
    'value should match only one schema, but matches both schemas 1 and 2',
  ],
  [
    { limit: 1, time_window: 1, limit_strategy: 'expression' },
    "cost_expr is required when limit_strategy is 'expression'",
  ],
  [
    { limit: 1, time_window: 1, limit_strategy: 'expression', cost_expr: 'a $' },
    "invalid cost_expr: unexpected symbol near '$'",
  ],
  [{ limit: 1, time_window: 1, policy: 'redis' }, 'then clause did not match'],
  [{ limit: 1, time_window: 1, policy: 'redis-cluster' }, 'else clause did not match'],
  [
    { limit: 1, time_window: 1, admission: 'maybe' },
    'property "admission" validation failed: matches none of the enum values',
  ],
])('%j is refused', (config, complaint) => {
  expect(complaintAbout(aiRateLimiting, config)).toContain(complaint)
})
