// Bad days of one upstream, and what the client is told.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from '@weir/testkit'
import { describe, expect, test } from 'vitest'
import { createTestContext } from '@weir/plugin-api/harness'
import { call, open, streamed } from '../llm-world.testing.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'
import type { RouteSettings } from '../settings.ts'

const world = worldOfFile()
const server = await serverOfFile()

const route = (path = '', more: Partial<RouteSettings> = {}) =>
  world.route([{ override: { endpoint: server.url + path } }], { timeout: 1500, ...more })

const asStream = { request: { body: streamed } }

describe('before the first byte', () => {
  test.each([
    ['hangs', { fault: 'hang' }, 504, 'the LLM service did not answer in time'],
    [
      'resets',
      { fault: 'reset' },
      500,
      'the LLM service closed the connection before its answer was complete',
    ],
    [
      'closes',
      { fault: 'close' },
      500,
      'the LLM service closed the connection before its answer was complete',
    ],
    ['is no HTTP', { fault: 'garbage' }, 500, 'the LLM service sent no valid HTTP answer'],
  ] as const)('an upstream that %s', async (_, scenario, status, reason) => {
    server.setScenario(scenario)
    const result = await call(route())
    expect(result).toMatchObject({ status, text: `{"error_msg":"${reason}"}\n`, ended: 'complete' })
    expect(result.header('content-type')).toBe('application/json')
    expect(result.response.source).toBe('nginx')
    expect(result.ctx.upstream.attempts).toMatchObject([{ status }])
    expect(result.ctx.llm?.usage).toBeUndefined()
    await until(() => server.openRequests === 0)
  })

  test('refused, unknown and missing hosts', async () => {
    await server.refuse()
    const refused = await call(route())
    await server.accept()
    expect(refused).toMatchObject({ status: 500 })
    expect(refused.text).toContain('could not be reached')
    const unknown = world.route([{ override: { endpoint: 'http://no-such-host.invalid' } }])
    expect(await call(unknown)).toMatchObject({ status: 500 })
    expect(await call(world.route([{}]))).toMatchObject({
      status: 500,
      text: '{"error_msg":"the instance has no endpoint"}\n',
    })
  })

  test('a stream that ends without a byte is a failure', async () => {
    server.setScenario({ body: '', contentType: 'text/event-stream' })
    const result = await call(route(), asStream)
    expect(result).toMatchObject({ status: 502, ended: 'complete' })
    expect(result.text).toContain('without sending anything')
  })

  test('an answer that is compressed unasked is refused, because nobody could account or check it', async () => {
    server.setScenario({ headers: { 'Content-Encoding': 'gzip' } })
    expect(await call(route())).toMatchObject({
      status: 502,
      text: '{"error_msg":"the LLM service compressed its answer unasked"}\n',
    })
    await until(() => server.openRequests === 0)
  })

  test('an error may be longer than answers may', async () => {
    server.setScenario({ status: 429 })
    expect(await call(route('', { max_response_bytes: 5 }))).toMatchObject({ status: 429 })
  })

  test('limits on the answer, with the contract’s texts', async () => {
    const result = await call(route('', { max_response_bytes: 50 }))
    expect(result).toMatchObject({ status: 502, text: 'max_response_bytes exceeded' })
    expect(result.header('content-type')).toBe('application/json')
    const stream = await call(route('', { max_response_bytes: 50 }), asStream)
    expect(stream).toMatchObject({ status: 502, text: 'max_response_bytes exceeded' })
    server.setScenario({ delayMs: 0, stallAfterChunks: 0 })
    const late = await call(route('', { max_stream_duration_ms: 50 }), asStream)
    expect(late).toMatchObject({ status: 504, text: 'max_stream_duration_ms exceeded' })
    await until(() => server.openRequests === 0)
  })

  test('the client leaves: the upstream is closed at once, the prompt is accounted', async () => {
    server.setScenario({ fault: 'hang' })
    const ctx = createTestContext({ request: { body: streamed } })
    const response = open(route('', { timeout: 30_000 }), ctx)
    await until(() => server.openRequests === 1)
    ctx.leave()
    expect(await response).toMatchObject({ status: 499 })
    await until(() => server.requests[0]?.aborted)
    ctx.llm?.finish()
    expect(ctx.llm?.usage).toMatchObject({ source: 'estimated', interrupted: true, completionTokens: 0 })
  })
})

describe('in the middle of a stream', () => {
  test.each([
    ['is cut', { cutAfterChunks: 2 }],
    ['stalls', { stallAfterChunks: 2 }],
    ['ends early', { words: ['a', 'b'], done: false, usage: false, body: undefined }],
  ] as const)('a stream that %s never looks complete', async (name, scenario) => {
    if (name === 'ends early') {
      const text =
        'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\ndata: {"cho'
      server.setScenario({ body: text, contentType: 'text/event-stream' })
    } else server.setScenario(scenario)
    const result = await call(route(), asStream)
    expect(result).toMatchObject({ status: 200, ended: 'broken' })
    expect(result.text).not.toContain('[DONE]')
    const last = result.text.trimEnd().split('\n\n').at(-1) ?? ''
    expect(JSON.parse(last.slice('data: '.length))).toMatchObject({
      error: { message: expect.any(String) as string },
    })
    expect(result.ctx.llm?.usage).toMatchObject({ source: 'estimated', interrupted: true })
    await until(() => server.openRequests === 0)
  })

  test('a stream of an unknown protocol ends as its connection does', async () => {
    const target = '/v1beta/models/g:streamGenerateContent?alt=sse'
    const asGemini = { request: { target, body: { contents: [] } } }
    expect(await call(route(), asGemini)).toMatchObject({ status: 200, ended: 'complete' })
    server.setScenario({ cutAfterChunks: 2 })
    expect(await call(route(), asGemini)).toMatchObject({ status: 200, ended: 'broken' })
  })

  test('without [DONE] a stream whose answer is finished is complete, and none is invented', async () => {
    server.setScenario({ done: false })
    const result = await call(route(), asStream)
    expect(result).toMatchObject({ ended: 'complete' })
    expect(result.text).not.toContain('[DONE]')
    expect(result.ctx.llm?.usage).toMatchObject({ totalTokens: 15, source: 'reported' })
  })

  test('after [DONE] the client does not wait for the upstream to close', async () => {
    const stalling = createServer((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' })
      res.write('data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n')
    })
    await once(stalling.listen(0, '127.0.0.1'), 'listening')
    const { port } = stalling.address() as AddressInfo
    const alone = world.route([{ override: { endpoint: `http://127.0.0.1:${port}` } }], { timeout: 1500 })
    const result = await call(alone, asStream)
    expect(result).toMatchObject({ ended: 'complete' })
    expect(result.ctx.llm?.usage).toMatchObject({ source: 'estimated', interrupted: false })
    // Its connection serves nobody else: after the timeout it is closed.
    const connections = () =>
      new Promise<number>((resolve) => stalling.getConnections((_, count) => resolve(count)))
    await until(async () => (await connections()) === 0)
    stalling.close()
  })

  test('limits break it off visibly', async () => {
    server.setScenario({ gapMs: 20, words: Array.from({ length: 50 }, () => 'word') })
    const long = await call(route('', { max_stream_duration_ms: 100 }), asStream)
    expect(long).toMatchObject({
      ended: 'broken',
      text: expect.stringContaining('max_stream_duration_ms exceeded') as string,
    })
    const large = await call(route('', { max_response_bytes: 600 }), asStream)
    expect(large).toMatchObject({
      ended: 'broken',
      text: expect.stringContaining('max_response_bytes exceeded') as string,
    })
    await until(() => server.openRequests === 0)
  })

  test('the client leaves: the upstream is closed at once, what was delivered is accounted', async () => {
    server.setScenario({ gapMs: 20, words: Array.from({ length: 100 }, (_, i) => ` word${i}`) })
    const ctx = createTestContext({ request: { body: streamed } })
    const { body } = await open(route(), ctx)
    if (typeof body !== 'object' || Buffer.isBuffer(body)) throw new Error('no stream')
    let chunks = 0
    body.start({ chunk: () => chunks++, end: () => {}, fail: () => {} })
    await until(() => chunks > 3)
    body.abort(new Error('the client left'))
    await until(() => server.requests[0]?.aborted)
    ctx.llm?.finish()
    expect(ctx.llm?.usage).toMatchObject({ source: 'estimated', interrupted: true })
    expect(ctx.llm?.usage?.completionTokens).toBeGreaterThan(3)
  })

  test('a paused client holds the upstream back', async () => {
    server.setScenario({ words: Array.from({ length: 4000 }, (_, i) => `${i}`.padEnd(2000, 'x')) })
    const { body } = await open(
      route('', { timeout: 30_000 }),
      createTestContext({ request: { body: streamed } }),
    )
    if (typeof body !== 'object' || Buffer.isBuffer(body)) throw new Error('no stream')
    let bytes = 0
    const ended = Promise.withResolvers<void>()
    body.start({ chunk: (chunk) => (bytes += chunk.length), end: ended.resolve, fail: ended.reject })
    body.pause()
    const sent = () => server.requests[0]?.chunksSent ?? 0
    let before = -1
    await until(
      () => {
        const isStill = sent() === before
        before = sent()
        return isStill && before > 0
      },
      { everyMs: 50 },
    )
    expect(sent()).toBeLessThan(3900)
    body.resume()
    await ended.promise
    expect(bytes).toBeGreaterThan(8_000_000)
  })
})

test.each(['openai', 'anthropic'])(
  'an error in the form of events is passed on as it is, to %s’s client',
  async (kind) => {
    const body = 'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"InvalidParameter"}\n\n'
    server.setScenario({ status: 400, body, contentType: 'text/event-stream' })
    const target = kind === 'openai' ? '/v1/chat/completions' : '/v1/messages'
    const result = await call(route(), { request: { body: streamed, target } })
    expect(result).toMatchObject({ status: 400, text: body, ended: 'complete' })
  },
)

test('the time to the first token is that of an error, and nothing where nobody answered', async () => {
  server.setScenario({ status: 500, delayMs: 20 })
  const { ctx } = await call(route())
  expect(ctx.llm?.timeToFirstTokenMs).toBeGreaterThan(10)
  server.setScenario({ fault: 'hang' })
  const silent = await call(route('', { timeout: 50 }))
  expect(silent.ctx.llm).toMatchObject({ timeToFirstTokenMs: 0 })
  expect(silent.ctx.llm?.upstreamMs).toBeGreaterThan(10)
})
