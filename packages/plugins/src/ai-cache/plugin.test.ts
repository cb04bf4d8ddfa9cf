import { openaiResponses, passthrough, protocolNamed } from '@weir/llm'
import { answerDenied, cacheOutcome, passedUnjudged } from '@weir/plugin-api'
import { complaintAbout, type RunResult, testConsumer } from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import { describe, expect, test } from 'vitest'
import {
  answerOf,
  type AskOptions,
  cacheHost,
  createCache,
  redis,
  statusOf,
  streamOf,
  untilHit,
  wholeOf,
} from './cache.testing.ts'
import { aiCache } from './plugin.ts'

const keys = async () => (await redis.call('KEYS', ['ai-cache:*'])) as string[]

describe('an answer', () => {
  test('is given again to the same request, and says so', async () => {
    let now = 1_000_000
    const { ask, calls } = createCache({}, cacheHost({ now: () => now }))
    const first = await ask('again')
    expect(statusOf(first)).toBe('MISS')
    await until(async () => (await keys()).length > 0)
    now += 2_500
    const second = await ask('again')
    expect(second).toMatchObject({ status: 200, text: first.text })
    expect(second.header('content-type')).toBe('application/json')
    expect(second.header('x-ai-cache-age')).toBe('2')
    expect(second.ctx.state.get(cacheOutcome)).toMatchObject({ status: 'HIT', layer: 'exact' })
    expect(calls()).toBe(1)
  })

  test('stands in Redis as the contract says, for as long as it says', async () => {
    const { ask } = createCache({ exact: { ttl: 77 } }, cacheHost({ now: () => 5_000 }))
    await ask('shape', { route: { id: 'a:b' } })
    const wanted = /^ai-cache:l1:route=a%3Ab:[0-9a-f]{64}$/
    await until(async () => (await keys()).some((key) => wanted.test(key)))
    const key = (await keys()).find((one) => wanted.test(one)) ?? ''
    expect(JSON.parse(String(await redis.call('GET', [key])))).toEqual({
      body: answerOf('answer 1').answer?.bytes.toString(),
      created_at: 5,
      format: 'json',
    })
    expect(Number(await redis.call('TTL', [key]))).toBeGreaterThan(70)
  })

  test('is the same whatever the order of the members of the request', async () => {
    const { ask } = createCache()
    await ask('order', { body: { temperature: 1, tools: [{ a: 1, b: 2 }] } })
    await untilHit(() => ask('order', { body: { tools: [{ b: 2, a: 1 }], temperature: 1 } }))
  })

  test('of another request is another one', async () => {
    const { ask } = createCache()
    await ask('differs')
    await untilHit(() => ask('differs'))
    const others: AskOptions[] = [
      { body: { temperature: 0.1 } },
      { body: { stream: true } },
      { body: { model: 'other' } },
      { exchange: { instanceIdentity: 'another' } },
      { protocol: openaiResponses },
      { request: { headers: { 'anthropic-beta': 'x' } } },
      { route: { id: '2' } },
    ]
    for (const other of others)
      expect([other, statusOf(await ask('differs', other))]).toEqual([other, 'MISS'])
  })

  test('of a passed-through request belongs to its path', async () => {
    const { ask } = createCache()
    const at = (path: string) => ask('path', { protocol: passthrough, request: { target: path } })
    await at('/v1/models/a:generate')
    await untilHit(() => at('/v1/models/a:generate'))
    expect(statusOf(await at('/v1/models/b:generate'))).toBe('MISS')
  })

  test('to a long request is found by its bytes', async () => {
    const { ask } = createCache()
    const pieces = Array.from({ length: 40 }, () => Buffer.alloc(20_000, 'x'))
    const long = (longBody: readonly Buffer[]) => ask('', { exchange: { longBody } })
    await long(pieces)
    await untilHit(() => long(pieces))
    expect(statusOf(await long([...pieces.slice(1), Buffer.alloc(20_000, 'y')]))).toBe('MISS')
  })
})

describe('what is not kept', () => {
  const sse = { body: { stream: true } }
  const event = 'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
  const done = 'data: [DONE]\n\n'
  const notKept: [string, AskOptions, object?][] = [
    ['an error', { upstream: () => answerOf('x', { status: 500 }) }],
    ['an error that calls itself 200', { upstream: () => wholeOf('{"error":{"message":"x"}}') }],
    ['what is no JSON', { upstream: () => wholeOf('{"choices":') }],
    [
      'what does not say that it is JSON',
      { upstream: () => wholeOf('{}', { headers: ['Content-Type', 'text/html'] }) },
    ],
    ['what is not UTF-8', { upstream: () => wholeOf('', { body: Buffer.from([0x7b, 0xff, 0x7d]) }) }],
    ['an answer of our own', { upstream: () => answerOf('x', { source: 'apisix' }) }],
    ['what is too long', {}, { max_cache_body_size: 10 }],
    ['what was given up', { reason: 'rejected' }],
    [
      'what could not be judged',
      {
        upstream(ctx) {
          ctx.state.set(passedUnjudged, true)
          return answerOf('x')
        },
      },
    ],
    ['a stream without its end', { ...sse, upstream: () => streamOf([event]) }],
    ['a stream cut in its last event', { ...sse, upstream: () => streamOf([event, done.slice(0, -1)]) }],
    [
      'a stream that had to be mended',
      { ...sse, exchange: { isWhole: false }, upstream: () => streamOf([event, done]) },
    ],
    [
      'a stream with an error before its end',
      { ...sse, upstream: () => streamOf([event, 'data: {"error":{"message":"x"}}\n\n', done]) },
    ],
    ['a stream that goes on behind its end', { ...sse, upstream: () => streamOf([event, done, event]) }],
    ['a stream that broke off', { ...sse, reason: 'stream_broken', upstream: () => streamOf([event, done]) }],
    [
      'a stream that is too long',
      { ...sse, upstream: () => streamOf([event, done]) },
      { max_cache_body_size: 45 },
    ],
    [
      'a stream that a plugin has denied',
      {
        ...sse,
        upstream(ctx) {
          ctx.state.set(answerDenied, true)
          return streamOf([event, done])
        },
      },
    ],
    [
      'a stream of Anthropic’s that ends with an error',
      {
        ...sse,
        protocol: protocolNamed('anthropic-messages'),
        upstream: () => streamOf(['event: error\ndata: {"type":"error"}\n\n']),
      },
    ],
  ]
  test.each(notKept)('%s', async (what, options, config) => {
    const { ask } = createCache(config)
    const before = (await keys()).length
    expect(statusOf(await ask(what, options))).toBe('MISS')
    // Behind it on the same connection: what would have been stored for it is there by then.
    await redis.call('PING', [])
    await ask(`${what} marker`, {})
    if (!config) await untilHit(() => ask(`${what} marker`))
    expect((await keys()).length - before).toBe(config ? 0 : 1)
    expect(statusOf(await ask(what, options))).toBe('MISS')
  })

  test('an answer that came from another instance than the one asked about', async () => {
    const { ask } = createCache()
    const before = (await keys()).length
    await ask('moved', {
      upstream({ llm }) {
        if (llm) Object.assign(llm, { instance: 'second' })
        return answerOf('fallback')
      },
    })
    await ask('moved marker')
    await untilHit(() => ask('moved marker'))
    expect((await keys()).length - before).toBe(1)
  })
})

test('a long answer that is sent in pieces is given again', async () => {
  const { ask } = createCache()
  const whole = answerOf('long '.repeat(40_000))
  const body = whole.answer?.bytes.toString() ?? ''
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)]
  const pieces = [body.slice(0, 100_000), body.slice(100_000)]
  const first = await ask('pieces', { upstream: () => ({ ...whole, headers, body: streamOf(pieces).body }) })
  expect(first.text).toBe(body)
  expect((await untilHit(() => ask('pieces'))).text).toBe(body)
})

test('a stream that speaks of errors is given again', async () => {
  const { ask } = createCache()
  const pieces = [
    'data: {"error":null,"choices":[{"delta":{"content":"\\"error\\": failed"}}]}\n\ndata: [DONE]\n\n',
  ]
  const options = { body: { stream: true }, upstream: () => streamOf(pieces) }
  await ask('speaks of errors', options)
  expect((await untilHit(() => ask('speaks of errors', options))).text).toBe(pieces.join(''))
})

test('a stream is given again as it was', async () => {
  const { ask, calls } = createCache()
  const pieces = ['data: {"choices":[{"delta":{"content":"ü"}}]}\n\nda', 'ta: [DONE]\n\n']
  const options = { body: { stream: true }, upstream: () => streamOf(pieces) }
  expect(await ask('stream', options)).toMatchObject({ text: pieces.join('') })
  const again = await untilHit(() => ask('stream', { body: { stream: true } }))
  expect(again.text).toBe(pieces.join(''))
  expect(again.header('content-type')).toBe('text/event-stream')
  expect(calls()).toBeLessThanOrEqual(1)
})

describe('callers', () => {
  test('do not see each other’s answers', async () => {
    await fill({}, 'consumers', { consumer: 'jack' })
    expect(await statusFor({}, 'consumers', { consumer: 'jill' })).toBe('MISS')
    expect(await statusFor({}, 'consumers', {})).toBe('MISS')
    await fill({}, 'own keys', bearer('a'))
    expect(await statusFor({}, 'own keys', bearer('b'))).toBe('MISS')
    expect(await statusFor({}, 'own keys', {})).toBe('MISS')
  })

  test('who are the same consumer see the same, unless nobody knows who they are', async () => {
    const jack = { ...testConsumer('jack'), credentialId: 'a' }
    await fill({}, 'one', { consumer: jack, ...bearer('a') })
    expect(await statusFor({}, 'one', { consumer: { ...jack, credentialId: 'b' }, ...bearer('b') })).toBe(
      'HIT',
    )
    const anybody = testConsumer('anonymous')
    await fill({}, 'any', { consumer: anybody, ...bearer('a') })
    expect(await statusFor({}, 'any', { consumer: anybody, ...bearer('b') })).toBe('MISS')
    expect(await statusFor({}, 'any', { consumer: anybody })).toBe('MISS')
  })

  test('share them where that is configured', async () => {
    const shared = { cache_key: { share_across_consumers: true } }
    await fill(shared, 'shared', { consumer: 'jack' })
    expect(await statusFor(shared, 'shared', { consumer: 'jill' })).toBe('HIT')
    expect(await statusFor(shared, 'shared', bearer('x'))).toBe('HIT')
    const own = { cache_key: { share_across_consumers: true, include_consumer: true } }
    expect(await statusFor(own, 'shared', { consumer: 'jill' })).toBe('MISS')
  })

  test('share them between routes, and not between values of variables, where that is configured', async () => {
    const shared = { cache_key: { share_across_routes: true, include_vars: ['http_x_tenant'] } }
    await fill(shared, 'routes', from('1', 'a'))
    expect(await statusFor(shared, 'routes', from('2', 'a'))).toBe('HIT')
    expect(await statusFor(shared, 'routes', from('1', 'b'))).toBe('MISS')
    // No value can pretend to be another scope.
    expect(await statusFor(shared, 'routes', from('1', 'a:route=1'))).toBe('MISS')
  })
})

describe('a request passes the cache by', () => {
  test.each<[string, object, AskOptions]>([
    [
      'because a header says so',
      { bypass_on: [{ header: 'X-Fresh', equals: '1' }] },
      { request: { headers: { 'X-Fresh': '1' } } },
    ],
    [
      'when its stream is binary',
      {},
      { protocol: protocolNamed('bedrock-converse'), body: { stream: true } },
    ],
    ['when it is nested too deep', {}, { body: { deep: nested(300) } }],
  ])('%s', async (_, config, options) => {
    const { ask, calls } = createCache(config)
    for (let i = 0; i < 2; i++) expect(statusOf(await ask('bypass', options))).toBe('BYPASS')
    expect(calls()).toBe(2)
  })

  test('without an LLM, as fail_mode says', async () => {
    expect(statusOf(await bare('skip'))).toBe('BYPASS')
    expect(await bare('error')).toMatchObject({
      status: 500,
      text: 'ai-cache must be used with the ai-proxy or ai-proxy-multi plugin',
    })
    const { host, ask } = createCache({ fail_mode: 'warn' })
    await ask('', { isLlm: false })
    expect(host.log.lines).toMatchObject([{ level: 'warn' }])
  })

  test('whose upstream has a cache of its own', async () => {
    const headers = ['Content-Type', 'text/plain', 'x-ai-cache-status', 'HIT']
    const result = await createCache().ask('', { isLlm: false, upstream: () => wholeOf('x', { headers }) })
    expect(result.header('x-ai-cache-status')).toBe('BYPASS')
  })

  test('and nobody is told where headers are off', async () => {
    const { ask } = createCache({ cache_headers: false })
    expect(statusOf(await ask('quiet'))).toBeUndefined()
    await until(async () => (await ask('quiet')).reply !== undefined)
    expect(statusOf(await ask('quiet'))).toBeUndefined()
  })
})

test('without Redis every request is a miss, and the log says it once', async () => {
  const { ask, host } = createCache({ redis_port: 1, redis_timeout: 500 })
  for (let i = 0; i < 3; i++) expect(await ask('away')).toMatchObject({ status: 200, reply: undefined })
  expect(statusOf(await ask('away'))).toBe('MISS')
  expect(host.log.lines).toHaveLength(1)
})

test.each([
  [{}, /then clause/],
  [{ redis_host: 'redis', layers: ['semantic'] }, /layers/],
  [{ redis_host: 'redis', layers: ['exact', 'semantic'] }, /^allOf 1 failed/],
  [{ redis_host: 'redis', exact: { ttl: 0 } }, /ttl/],
  [{ redis_host: 'redis' }, undefined],
  [{ redis_host: 'redis', semantic: semanticAt('http://') }, /^invalid semantic.embedding.openai.endpoint$/],
  [{ redis_host: 'redis', semantic: semanticAt('https://x.test/v1/embeddings') }, undefined],
  [{ redis_host: 'redis', semantic: semanticAt('$env://ENDPOINT') }, undefined],
])('%j: %s', (config, complaint) => {
  const got = complaintAbout(aiCache, config)
  if (complaint) expect(got).toMatch(complaint)
  else expect(got).toBeUndefined()
})

function semanticAt(endpoint: string): object {
  return {
    embedding: { openai: { model: 'm', api_key: 'k', endpoint } },
    vector_search: { redis: {} },
  }
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

async function statusFor(config: object, text: string, options: AskOptions): Promise<string | undefined> {
  return statusOf(await createCache(config).ask(text, options))
}

async function fill(config: object, text: string, options: AskOptions): Promise<void> {
  const { ask } = createCache(config)
  await ask(text, options)
  await untilHit(() => ask(text, options))
}

function bearer(key: string): AskOptions {
  return { request: { headers: { Authorization: `Bearer ${key}` } } }
}

function from(id: string, tenant: string): AskOptions {
  return { route: { id }, request: { headers: { 'X-Tenant': tenant } } }
}

function bare(fail_mode: string): Promise<RunResult> {
  return createCache({ fail_mode }).ask('', { isLlm: false })
}
