// Streams with events in them that nobody can read: the client gets all others.
import { createTestContext, type RecordingLogger } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { call, streamed } from '../llm-world.testing.ts'
import type { RouteSettings } from '../settings.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const first = await serverOfFile('first')
const second = await serverOfFile('second')

const route = (more: Partial<RouteSettings> = {}) =>
  world.route(
    [first, second].map(({ url }, i) => ({
      name: `i${i}`,
      provider: 'openai-compatible',
      priority: -i,
      override: { endpoint: url },
    })),
    { timeout: 10_000, fallback_strategy: 'http_5xx', ...more },
  )
const anthropic = () =>
  world.route([{ provider: 'anthropic', override: { endpoint: first.url } }], { timeout: 10_000 })
const asStream = { request: { body: streamed } }
const serve = (body: string) => first.setScenario({ body, contentType: 'text/event-stream' })

const word = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`
const finish = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
const usage = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n'
const done = 'data: [DONE]\n\n'
const half = 'data: {"choices":[{"index":0,"del\n\n'
const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`

test('a broken event in the middle is left out, and a line in the log says so once', async () => {
  serve(word('a') + half + word('b') + half + word('c') + finish + usage + done)
  const result = await call(route(), asStream)
  expect(result).toMatchObject({
    ended: 'complete',
    text: word('a') + word('b') + word('c') + finish + usage + done,
  })
  expect(result.ctx.llm?.usage).toMatchObject({ totalTokens: 7, source: 'reported' })
  const { lines } = result.ctx.log as RecordingLogger
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([
    {
      level: 'warn',
      message: 'broken events of a stream were left out',
      fields: { instance: 'i0', events: 2 },
    },
  ])
})

test('Anthropic’s streams, too', async () => {
  const start = event('message_start', { message: { usage: { input_tokens: 3, output_tokens: 1 } } })
  const delta = (text: string) => event('content_block_delta', { delta: { type: 'text_delta', text } })
  const end = event('message_delta', { usage: { output_tokens: 4 } }) + event('message_stop', {})
  serve(`${start}${delta('a')}event: content_block_delta\ndata: {"ty\n\n${delta('b')}${end}`)
  const request = { body: { ...streamed, max_tokens: 9 }, target: '/v1/messages' }
  const { text, ctx } = await call(anthropic(), { request })
  expect(text).toBe(start + delta('a') + delta('b') + end)
  expect(ctx.llm?.usage).toMatchObject({ promptTokens: 3, completionTokens: 4 })
})

test('converted streams, too', async () => {
  serve(word('before') + half + word('behind') + finish + done)
  const request = { body: { ...streamed, max_tokens: 9 }, target: '/v1/messages' }
  const { text, ended } = await call(route(), { request })
  expect(ended).toBe('complete')
  expect([...text.matchAll(/"text":"(\w+)"/g)].map(([, one]) => one)).toEqual(['before', 'behind'])
})

test.each([
  ['broken events alone', half + half],
  ['broken events and the end', half + done],
  ['half an event', half.trimEnd()],
])('%s are an empty stream: another instance is asked', async (_, body) => {
  serve(body)
  const result = await call(route(), asStream)
  expect(result).toMatchObject({ status: 200, ended: 'complete' })
  expect(result.text).toContain('second')
  expect(result.text).not.toContain(half)
  expect(result.ctx.upstream.attempts).toHaveLength(2)
})

test('without another instance it is 502', async () => {
  serve(half + done)
  const result = await call(route({ fallback_strategy: [] }), asStream)
  expect(result).toMatchObject({
    status: 502,
    text: expect.stringContaining('without sending anything usable') as string,
  })
})

test('a broken event at the end leaves an unfinished answer unfinished, and half an event reaches nobody', async () => {
  for (const tail of [half, half.trimEnd(), 'da']) {
    serve(word('a') + tail)
    const { text, ended } = await call(route(), asStream)
    expect(ended).toBe('broken')
    expect(text).toMatch(/^data: \{"choices":[^\n]*\n\ndata: \{"error":[^\n]*\n\n$/)
  }
})

test('what follows a finished answer reaches the client when it is whole, with a blank line or without', async () => {
  serve(word('a') + finish + done.trimEnd())
  expect(await call(route(), asStream)).toMatchObject({
    ended: 'complete',
    text: word('a') + finish + done,
  })
  serve(word('a') + finish + half.trimEnd())
  expect(await call(route(), asStream)).toMatchObject({ ended: 'complete', text: word('a') + finish })
})

test('what an unknown protocol streams is nobody’s to judge', async () => {
  serve(half + word('a') + half)
  const request = { target: '/v1beta/models/g:streamGenerateContent?alt=sse', body: { contents: [] } }
  const result = await call(route(), { request })
  expect(result).toMatchObject({ ended: 'complete', text: half + word('a') + half })
})

test('the text that plugins collect is that of the events that passed', async () => {
  serve(word('a') + half + word('b') + finish + done)
  const ctx = createTestContext(asStream)
  const some = route()
  await some.access(ctx)
  ctx.llm?.collectText()
  const { body } = await some.proxy(ctx)
  if (typeof body !== 'object' || Buffer.isBuffer(body)) throw new Error('no stream')
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) =>
    body.start({ chunk: (bytes) => chunks.push(bytes), end: resolve, fail: reject }),
  )
  expect(Buffer.concat(chunks).toString()).toBe(word('a') + word('b') + finish + done)
  expect(ctx.llm?.responseText).toBe('ab')
})

test.each(['', '\n', '\r\n'])('a last event without its blank line counts, behind %j', async (ending) => {
  const start = event('message_start', { message: { usage: { input_tokens: 3, output_tokens: 1 } } })
  serve(
    `${start}${event('message_delta', { usage: { output_tokens: 4 } })}event: message_stop\ndata: {}${ending}`,
  )
  const request = { body: { ...streamed, max_tokens: 9 }, target: '/v1/messages' }
  const native = await call(anthropic(), { request })
  expect(native.ended).toBe('complete')
  expect(native.text).toMatch(/event: message_stop\ndata: \{\}\r?\n\n+$/)
  const messages = world.route([
    { provider: 'anthropic', override: { endpoint: `${first.url}/v1/messages` } },
  ])
  const converted = await call(messages, asStream)
  expect(converted.ended).toBe('complete')
  expect(converted.text).toMatch(/data: \[DONE\]\n\n$/)

  serve(word('a') + usage.trimEnd() + ending)
  const cut = await call(route(), asStream)
  expect(cut).toMatchObject({
    ended: 'broken',
    ctx: { llm: { usage: { totalTokens: 7, source: 'reported' } } },
  })
})

test.each([
  [
    '/v1/messages',
    event('message_start', { message: {} }),
    { error: { type: 'overloaded_error', message: 'm' } },
  ],
  ['/v1/responses', event('response.created', { response: {} }), { code: 'server_error', message: 'm' }],
])('an error of the provider’s own is the only one that %s tells', async (target, start, error) => {
  const body = start + event('error', error)
  serve(body)
  const provider = target === '/v1/messages' ? 'anthropic' : 'openai'
  const own = world.route([{ provider, override: { endpoint: first.url } }])
  const result = await call(own, { request: { body: { ...streamed, input: 'hi' }, target } })
  expect(result).toMatchObject({ ended: 'complete', text: body })
})

test('an answer is whole where nothing was left out, and its end was said', async () => {
  const wholeOf = async (body: string, options = asStream, some = route()) => {
    serve(body)
    const { ended, ctx } = await call(some, options)
    return [ended, ctx.llm?.isWhole]
  }
  const toAnthropic = { request: { body: { ...streamed, max_tokens: 9 }, target: '/v1/messages' } }
  for (const asked of [asStream, toAnthropic]) {
    expect(await wholeOf(word('a') + finish + done, asked)).toEqual(['complete', true])
    expect(await wholeOf(word('a') + half + finish + done, asked)).toEqual(['complete', false])
    // For a converted one the gateway itself says that it is over.
    expect(await wholeOf(word('a') + finish, asked)).toEqual(['complete', false])
    expect(await wholeOf(word('a'), asked)).toEqual(['broken', false])
  }
  const short = route({ max_response_bytes: word('a').length })
  expect(await wholeOf(word('a') + word('b') + finish + done, asStream, short)).not.toContain(true)
  first.setScenario(undefined)
  const whole = await call(route(), { request: { body: { ...streamed, stream: false } } })
  expect(whole.ctx.llm?.isWhole).toBe(true)
})
