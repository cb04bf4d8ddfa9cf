// The layer that compares meanings, with a Redis that searches vectors (see @weir/testkit) and embeddings made up here.
import { createCounterStores, createLocalCounters } from '@weir/counters'
import { openaiResponses } from '@weir/llm'
import { cacheOutcome } from '@weir/plugin-api'
import { type LlmServer, type SearchRedis, startLlmServer, startSearchRedis, until } from '@weir/testkit'
import { createHttpClient, createOrigins } from '@weir/upstream'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AskOptions, cacheHost, createCache, statusOf, streamOf } from '../cache.testing.ts'
import { splitPrompt } from './prompt.ts'

let redis: SearchRedis
let embeddings: LlmServer
let nowMs: number
const origins = createOrigins()
const stores = createCounterStores(createLocalCounters())

/** Directions by the first word. */
const directions: Readonly<Record<string, number[]>> = {
  capital: [1, 0, 0],
  town: [0.97, Math.sqrt(1 - 0.97 ** 2), 0],
  weather: [0, 0, 2],
}

beforeAll(async () => {
  embeddings = await startLlmServer()
})
beforeEach(async () => {
  nowMs = 1_000_000
  redis = await startSearchRedis()
  embeddings.clear()
  embeddings.setScript(({ json }) => {
    const { input } = json as { input: string[] }
    const data = input.map((text) => ({ embedding: directions[text.split(' ')[0] ?? ''] ?? [0, 1, 0] }))
    return { body: JSON.stringify({ data }) }
  })
})
afterEach(() => redis.stop())
afterAll(async () => {
  stores.close()
  await origins.close()
  await embeddings.close()
})

function semantic(more: object = {}, config: object = {}) {
  const host = cacheHost({ counters: stores, http: createHttpClient(origins), now: () => nowMs })
  const embedding = { openai: { model: 'emb', api_key: 'sk-e', endpoint: `${embeddings.url}/v1/embeddings` } }
  return createCache(
    {
      redis_host: redis.host,
      redis_port: redis.port,
      layers: ['exact', 'semantic'],
      semantic: { embedding, vector_search: { redis: {} }, similarity_threshold: 0.9, ...more },
      ...config,
    },
    host,
  )
}

const named = (name: string) => redis.commands.filter(([command]) => command === name)
/** Until an answer is in both layers. */
const stored = () => until(() => Promise.resolve(named('EVAL').length > 0))

test('an answer is given to a request that means the same, then by the first layer', async () => {
  const { ask, calls } = semantic()
  const first = await ask('capital of France?')
  expect(statusOf(first)).toBe('MISS')
  await stored()
  nowMs += 3_000
  const second = await ask('town that is the capital of France?')
  expect(second.text).toBe(first.text)
  expect(second.header('x-ai-cache-status')).toBe('HIT')
  expect(second.header('x-ai-cache-similarity')).toBe('0.9700')
  expect(second.header('x-ai-cache-age')).toBe('3')
  expect(second.ctx.state.get(cacheOutcome)).toMatchObject({ layer: 'semantic' })
  expect(second.ctx.state.get(cacheOutcome)?.embeddingMs).toBeGreaterThan(0)
  await until(() => Promise.resolve(named('SET').length === 2))
  const third = await ask('town that is the capital of France?')
  expect(third.ctx.state.get(cacheOutcome)).toEqual({ status: 'HIT', layer: 'exact', embeddingMs: undefined })
  expect(third.header('x-ai-cache-age')).toBe('3')
  expect(embeddings.requests).toHaveLength(2)
  expect(embeddings.requests[0]).toMatchObject({
    url: '/v1/embeddings',
    headers: { authorization: 'Bearer sk-e' },
    json: { model: 'emb', input: ['capital of France?'] },
  })
  expect(calls()).toBe(1)
})

test('index and documents have the names and members of the contract', async () => {
  const { ask } = semantic({ ttl: 99, vector_search: { redis: { index: 'mine' } } })
  await ask('capital')
  await stored()
  const [, index, ...create] = named('FT.CREATE')[0] ?? []
  expect(index).toMatch(/^mine:idx:[0-9a-f]{16}:3$/)
  expect(create.join(' ')).toMatch(/^ON HASH PREFIX 1 mine:l2:[0-9a-f]{16}:3: SCHEMA partition TAG /)
  const [, , , key, ttl] = named('EVAL')[0] ?? []
  expect(key).toMatch(/^mine:l2:[0-9a-f]{16}:3:[0-9a-f]{64}:[0-9a-f]{64}$/)
  expect(ttl).toBe('99')
})

test('what is too far away is no hit', async () => {
  const { ask } = semantic({ similarity_threshold: 0.98 })
  await ask('capital')
  await stored()
  expect(statusOf(await ask('town'))).toBe('MISS')
  expect(statusOf(await ask('weather'))).toBe('MISS')
})

test('streams and whole answers are different ones', async () => {
  const { ask } = semantic()
  const pieces = ['data: {"choices":[]}\n\n', 'data: [DONE]\n\n']
  await ask('capital', { body: { stream: true }, upstream: () => streamOf(pieces) })
  await stored()
  expect(statusOf(await ask('town'))).toBe('MISS')
  const again = await ask('town', { body: { stream: true } })
  expect(again.text).toBe(pieces.join(''))
  expect(again.header('content-type')).toBe('text/event-stream')
})

describe('only the last user message is compared by meaning:', () => {
  const others: [string, AskOptions][] = [
    ['another system prompt', chat('be rude', 'town')],
    [
      'another parameter',
      { ...chat('be nice', 'town'), body: { ...chat('be nice', 'town').body, top_p: 0.5 } },
    ],
    ['another model', { ...chat('be nice', 'town'), exchange: { model: 'other' } }],
    ['another consumer', { ...chat('be nice', 'town'), consumer: 'jill' }],
    ['another route', { ...chat('be nice', 'town'), route: { id: '2' } }],
  ]
  test.each(others)('%s has its own answers', async (_, options) => {
    const { ask } = semantic()
    await ask('', chat('be nice', 'capital'))
    await stored()
    expect(statusOf(await ask('', options))).toBe('MISS')
    expect(statusOf(await ask('', chat('be nice', 'town')))).toBe('HIT')
  })
})

const pictures: AskOptions = {
  body: { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
}
const called: AskOptions = {
  body: {
    messages: [
      { role: 'user', content: 'capital' },
      { role: 'assistant', tool_calls: [{ id: 'a' }] },
    ],
  },
}
test.each<[string, AskOptions]>([
  ['another protocol', { protocol: openaiResponses, body: { input: 'capital' } }],
  ['pictures', pictures],
  ['called tools', called],
  ['a long text', { body: { messages: [{ role: 'user', content: 'capital '.repeat(4000) }] } }],
])('%s: only the first layer is asked', async (_, options) => {
  const { ask } = semantic()
  expect(statusOf(await ask('', options))).toBe('MISS')
  await until(() => Promise.resolve(named('SET').length > 0))
  expect(statusOf(await ask('', options))).toBe('HIT')
  expect(embeddings.requests).toHaveLength(0)
})

function afterNoCalls(content: string): AskOptions {
  const assistant = { role: 'assistant', content: null, tool_calls: [], function_call: null }
  return { body: { messages: [{ role: 'user', content: 'hi' }, assistant, { role: 'user', content }] } }
}

test('messages of assistants that have called none are text', async () => {
  const { ask } = semantic()
  await ask('', afterNoCalls('capital'))
  await stored()
  expect(statusOf(await ask('', afterNoCalls('town')))).toBe('HIT')
})

test('an answer that calls a tool is only given to the same prompt', async () => {
  const { ask } = semantic()
  await ask('capital', { exchange: { hasToolCalls: true } })
  await until(async () => statusOf(await ask('capital')) === 'HIT')
  expect(statusOf(await ask('town'))).toBe('MISS')
})

test('without RediSearch requests are misses, and no embeddings are paid for until it is tried again', async () => {
  redis.forgetSearch()
  const { ask, host } = semantic()
  for (const text of ['capital', 'town', 'weather']) expect(statusOf(await ask(text))).toBe('MISS')
  expect(embeddings.requests).toHaveLength(1)
  expect(named('EVAL')).toHaveLength(0)
  expect(host.log.lines).toMatchObject([{ level: 'warn', fields: { reason: expect.any(String) as string } }])
  nowMs += 30_000
  await ask('capital again')
  expect(embeddings.requests).toHaveLength(2)
  // The first layer goes on.
  await until(async () => statusOf(await ask('capital')) === 'HIT')
})

test('when the embeddings fail the request is a miss and its answer is kept by its text', async () => {
  embeddings.setScript(() => ({ status: 500, body: '{}' }))
  const { ask } = semantic()
  expect(statusOf(await ask('capital'))).toBe('MISS')
  await until(async () => statusOf(await ask('capital')) === 'HIT')
  expect(named('EVAL')).toHaveLength(0)
})

test('azure is asked with its own header, without a model', async () => {
  const azure_openai = {
    api_key: 'az',
    endpoint: `${embeddings.url}/openai/deployments/d/embeddings?v=1`,
    dimensions: 3,
  }
  const { ask } = semantic({ embedding: { azure_openai } })
  await ask('capital')
  expect(embeddings.requests[0]).toMatchObject({
    url: '/openai/deployments/d/embeddings?v=1',
    headers: { 'api-key': 'az' },
    json: { input: ['capital'], dimensions: 3 },
  })
})

test('every message is either compared or has to be the same', () => {
  const message = fc.record({
    role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool'),
    content: fc.oneof(fc.string(), fc.array(fc.record({ type: fc.constant('text'), text: fc.string() }))),
  })
  const match = fc.record({
    message_countback: fc.integer({ min: 1, max: 4 }),
    ignore_system_prompts: fc.boolean(),
    ignore_assistant_prompts: fc.boolean(),
    ignore_tool_prompts: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), match, (messages, settings) => {
      const split = splitPrompt({ messages }, settings)
      if (!split) return
      const rest = messages.filter((one) => !split.context.includes(one))
      expect(rest.length).toBeLessThanOrEqual(settings.message_countback)
      const textOf = ({ content }: (typeof messages)[number]) =>
        typeof content === 'string' ? content : content.map(({ text }) => text).join('\n')
      expect(split.text).toBe(
        rest
          .map(textOf)
          .filter((text) => text !== '')
          .join('\n'),
      )
    }),
  )
})

function chat(system: string, text: string): AskOptions {
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: text },
  ]
  return { body: { messages } }
}
