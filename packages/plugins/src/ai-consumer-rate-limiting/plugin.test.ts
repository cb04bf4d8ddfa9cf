import { createInstance, createTestContext, createTestHost, complaintAbout } from '@weir/plugin-api/harness'
import { isReply, type QuotaSource } from '@weir/plugin-api'
import { describe, expect, test } from 'vitest'
import { admit, createTestStores, type QuotaRequest, tokens } from '../token-quota/quota-harness.ts'
import { aiConsumerRateLimiting } from './plugin.ts'

function setUp(config: object) {
  const counters = createTestStores()
  const quotaOf = (changed: object, resourceKey = '/apisix/consumers/ann'): QuotaSource => {
    const owner = { resourceKey, kind: 'consumer' as const, id: 'ann' }
    return createInstance(aiConsumerRateLimiting, changed, createTestHost({ counters, owner })).quota!
  }
  const quota = quotaOf(config)
  return {
    counters,
    quotaOf,
    quota,
    send: (request?: QuotaRequest) => admit([quota], { consumer: 'ann', ...request }),
  }
}

function clamped(config: object, estimate: QuotaRequest['estimate']) {
  const { quota } = setUp({ limit: 100, time_window: 60, clamp_max_tokens: true, ...config })
  const expected = { promptTokens: 10, completionTokens: 0, answers: 1, isBounded: true, ...estimate }
  const asks = quota.asks(createTestContext({ consumer: 'ann' }), 'hi', expected)
  if (isReply(asks)) throw new Error('refused')
  const [ask] = asks
  return {
    ...ask,
    amount: ask!.amount,
    least: ask!.least,
    completionOf: (n: number) => ask!.completionOf?.(n),
  }
}

const small = { promptTokens: 10, completionTokens: 5 }

test("the mission's configuration: 429 with its message, what remains and when to come back", async () => {
  const { send, counters } = setUp({
    instances: [{ name: 'hi', limit_strategy: 'total_tokens', limit: 100, time_window: 3600 }],
    rejected_code: 429,
    rejected_msg: 'Insufficient token, try in one hour.',
  })
  const first = await send({ estimate: { promptTokens: 60, completionTokens: 20 } })
  expect(first.ctx.responseHeaders).toEqual([
    ['X-AI-Consumer-RateLimit-Limit-hi', '100'],
    ['X-AI-Consumer-RateLimit-Remaining-hi', '100'],
    ['X-AI-Consumer-RateLimit-Reset-hi', '3600'],
  ])
  await first.settle(tokens(60, 25))
  counters.wait(1500)
  const second = await send({ estimate: { promptTokens: 16, completionTokens: 0 } })
  expect(second.reply).toEqual({
    status: 429,
    body: { error_msg: 'Insufficient token, try in one hour.' },
    headers: { 'Retry-After': '3599' },
  })
  expect(second.header('X-AI-Consumer-RateLimit-Remaining-hi')).toBe('15')
  expect((await send({ estimate: { promptTokens: 15, completionTokens: 0 } })).reply).toBeUndefined()
})

describe('accounts', () => {
  const config = { instances: [{ name: 'hi', limit: 20, time_window: 60 }] }

  test('each consumer has its own, on each instance', async () => {
    const { send } = setUp({ instances: ['hi', 'lo'].map((name) => ({ name, limit: 20, time_window: 60 })) })
    await (await send({ estimate: small })).settle(tokens(10, 10))
    expect((await send({ estimate: small })).reply?.status).toBe(429)
    expect((await send({ estimate: small, instance: 'lo' })).reply).toBeUndefined()
    expect((await send({ estimate: small, consumer: 'bob' })).reply).toBeUndefined()
  })

  test('without a consumer, or on an instance that is not named, nothing is metered', async () => {
    const { quota, send } = setUp(config)
    expect(await admit([quota])).toMatchObject({ reply: undefined, isMetered: false })
    expect(await send({ instance: 'other' })).toMatchObject({ reply: undefined, isMetered: false })
  })

  test('what was used stays used when the limit is changed or the configuration moves to the group', async () => {
    const { send, quotaOf } = setUp(config)
    await (await send({ estimate: small })).settle(tokens(10, 5))
    const changed = { instances: [{ name: 'hi', limit: 30, time_window: 60 }], rejected_code: 503 }
    const inGroup = quotaOf(changed, '/apisix/consumer_groups/team')
    const next = await admit([inGroup], { consumer: 'ann', estimate: small })
    expect(next.header('X-AI-Consumer-RateLimit-Remaining-hi')).toBe('15')
    expect((await admit([inGroup], { consumer: 'ann', estimate: small })).reply?.status).toBe(503)
  })

  test('an answer whose provider reported nothing is charged by estimate', async () => {
    const { send } = setUp(config)
    await (await send({ estimate: small })).settle({ ...tokens(10, 2), source: 'estimated' })
    expect((await send()).header('X-AI-Consumer-RateLimit-Remaining-hi')).toBe('8')
  })

  test('a request that cost nothing gives everything back', async () => {
    const { send } = setUp(config)
    await (await send({ estimate: small })).settle({ source: 'none' })
    expect((await send()).header('X-AI-Consumer-RateLimit-Remaining-hi')).toBe('20')
  })
})

describe('several quotas', () => {
  test('the same name may stand twice, once for each kind of token', async () => {
    const { send } = setUp({
      instances: [
        { name: 'hi', limit: 100, time_window: 60, limit_strategy: 'prompt_tokens' },
        { name: 'hi', limit: 20, time_window: 60, limit_strategy: 'completion_tokens' },
      ],
    })
    const first = await send({ estimate: small })
    // The headers tell of the one with least left.
    expect(first.ctx.responseHeaders.slice(0, 2)).toEqual([
      ['X-AI-Consumer-RateLimit-Limit-hi', '20'],
      ['X-AI-Consumer-RateLimit-Remaining-hi', '20'],
    ])
    await first.settle(tokens(96, 5))
    expect((await send({ estimate: small })).header('X-AI-Consumer-RateLimit-Remaining-hi')).toBe('4')
    expect((await send({ estimate: { promptTokens: 1, completionTokens: 16 } })).reply?.status).toBe(429)
  })

  test('a total holds over all instances, named or not', async () => {
    const { send } = setUp({
      instances: [{ name: 'hi', limit: 100, time_window: 60 }],
      limit: 30,
      time_window: 60,
      limit_strategy: 'prompt_tokens',
    })
    const first = await send({ estimate: small })
    expect(first.header('X-AI-Consumer-RateLimit-Limit-hi')).toBe('100')
    expect(first.header('X-AI-Consumer-RateLimit-Limit')).toBe('30')
    await first.settle(tokens(10, 5))
    await (await send({ estimate: small, instance: 'other' })).settle(tokens(15, 0))
    const third = await send({ estimate: small })
    expect(third.reply?.status).toBe(429)
    expect(third.header('X-AI-Consumer-RateLimit-Remaining')).toBe('5')
    expect(third.header('X-AI-Consumer-RateLimit-Remaining-hi')).toBe('85')
  })

  test('a refusal by the second leaves the first as it was', async () => {
    const { send } = setUp({
      instances: [{ name: 'hi', limit: 100, time_window: 60 }],
      limit: 30,
      time_window: 60,
    })
    expect((await send({ estimate: { promptTokens: 31, completionTokens: 0 } })).reply?.status).toBe(429)
    expect((await send()).header('X-AI-Consumer-RateLimit-Remaining-hi')).toBe('100')
  })
})

test('`admission: remaining` admits while a token is left', async () => {
  const { send } = setUp({ limit: 10, time_window: 60, admission: 'remaining' })
  await (await send({ estimate: { promptTokens: 500, completionTokens: 500 } })).settle(tokens(9, 0))
  await (await send({ estimate: { promptTokens: 500, completionTokens: 500 } })).settle(tokens(9, 0))
  expect((await send()).reply?.status).toBe(429)
})

describe('`clamp_max_tokens`', () => {
  test('asks for all, takes less, and says how long the answers may be', () => {
    const ask = clamped({}, { completionTokens: 500 })
    expect([ask.amount, ask.least]).toEqual([510, 11])
    expect(ask.completionOf(100)).toBe(90)
    expect(
      clamped({ limit_strategy: 'completion_tokens' }, { completionTokens: 500 }).completionOf(100),
    ).toBe(100)
  })

  test('needs a token for each answer', () => {
    expect(clamped({}, { completionTokens: 500, answers: 4 }).least).toBe(14)
  })

  test('leaves requests without a bound room', () => {
    expect(clamped({}, { completionTokens: 500, isBounded: false }).amount).toBe(1010)
  })

  test.each(['prompt_tokens', 'expression'])('says nothing of %s', (limit_strategy) => {
    const ask = clamped({ limit_strategy, cost_expr: 'prompt_tokens' }, { completionTokens: 500 })
    expect(ask.least).toBeUndefined()
    expect(ask.completionOf(100)).toBeUndefined()
  })

  test('is off by default', () => {
    expect(clamped({ clamp_max_tokens: false }, { completionTokens: 500 }).least).toBeUndefined()
  })
})

test('`on_exhausted` says whether another instance may be tried', () => {
  const quotas = { limit: 10, time_window: 60 }
  expect(setUp(quotas).quota.onRefusal).toBe('reject')
  expect(setUp({ ...quotas, on_exhausted: 'next_instance' }).quota.onRefusal).toBe('next_instance')
})

test('headers can be left out', async () => {
  const { send } = setUp({ limit: 10, time_window: 60, show_limit_quota_header: false })
  expect((await send()).ctx.responseHeaders).toEqual([])
})

test.each([
  [{}, 'object matches none of the required'],
  [{ limit: 10 }, 'property "time_window" is required when "limit" is set'],
  [{ instances: [{ name: 'a', limit: 0, time_window: 1 }] }, 'instances'],
  [
    { instances: [{ name: 'a', limit: 1, time_window: 1, limit_strategy: 'expression' }] },
    "instances[0]: cost_expr is required when limit_strategy is 'expression'",
  ],
  [
    {
      instances: [
        { name: 'a', limit: 1, time_window: 1 },
        { name: 'a', limit: 2, time_window: 1 },
      ],
    },
    "instances[0] and instances[1] count the same: name 'a'",
  ],
  [{ limit: 1, time_window: 1, limit_strategy: 'expression', cost_expr: '1 +' }, 'invalid cost_expr: '],
  [{ limit: 1, time_window: 1, admission: 'maybe' }, 'property "admission" validation failed'],
])('%j is refused', (config, complaint) => {
  expect(complaintAbout(aiConsumerRateLimiting, config)).toContain(complaint)
})
