// Requests go where their meaning points.
import { openaiChat, openaiResponses } from '@weir/llm'
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { createHttpClient, createOrigins } from '@weir/upstream'
import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { call, createWorld, type World } from '../llm-world.testing.ts'
import { queryText } from './query-text.ts'
import type { SemanticSettings } from './semantic-picker.ts'

let world: World
let server: LlmServer
let nowMs: number
const origins = createOrigins()

/** Texts are near to each other when they begin alike. */
const vectors: Readonly<Record<string, number[]>> = { c: [2, 0], p: [0, 3], m: [1, 1], z: [0, 0] }

beforeAll(async () => {
  server = await startLlmServer()
})
afterAll(async () => {
  await origins.close()
  await server.close()
})
beforeEach(() => {
  nowMs = 0
  world = createWorld({ http: createHttpClient(origins), now: () => nowMs })
  server.clear()
  server.setScript(({ url, json }) => {
    if (!url.startsWith('/v1/embeddings')) return undefined
    const { input } = json as { input: string[] }
    const data = input.map((text, index) => ({ index, embedding: vectors[text[0] ?? ''] ?? [1, 0] }))
    return { body: JSON.stringify({ data: data.toReversed() }) }
  })
})

const route = (more: Partial<SemanticSettings> = {}, embeddings = {}) =>
  world.route(
    [
      { name: 'coder', examples: ['code', 'compile'], override: { endpoint: server.url } },
      { name: 'poet', examples: ['poem'], threshold: 0.9, override: { endpoint: server.url } },
    ],
    {
      balancer: { algorithm: 'semantic' },
      semantic_opts: {
        embeddings: {
          provider: 'openai',
          model: 'emb',
          auth: { header: { Authorization: 'Bearer e' }, query: { k: 'v' } },
          endpoint: server.url,
          timeout: 3000,
          ssl_verify: true,
          ...embeddings,
        },
        threshold: 0.5,
        debugging: true,
        ...more,
      },
    },
  )
const ask = (text: string, on = route()) =>
  call(on, { request: { body: { model: 'm', messages: [{ role: 'user', content: text }] } } })
const embeddingsAsked = () => server.requests.filter(({ url }) => url.startsWith('/v1/embeddings'))

test('the nearest instance is picked, and the scores are told', async () => {
  const { ctx } = await ask('pretty')
  expect(ctx.llm?.instance).toBe('poet')
  expect(ctx.responseHeaders).toEqual([
    ['X-AI-Semantic-Scores', 'poet:1.0000,coder:0.0000'],
    ['X-AI-Semantic-Picked-Instance', 'poet'],
  ])
  expect(embeddingsAsked().map(({ json }) => json)).toEqual(
    expect.arrayContaining([
      { input: ['code', 'compile', 'poem'], model: 'emb' },
      { input: ['pretty'], model: 'emb' },
    ]),
  )
  expect(embeddingsAsked()[0]).toMatchObject({
    url: '/v1/embeddings?k=v',
    headers: { authorization: 'Bearer e' },
  })
})

test('an instance that is not near enough gives way to the next that is', async () => {
  // Equally far from both, and the poet wants more than that.
  expect((await ask('mixed')).ctx.llm?.instance).toBe('coder')
})

test.each([
  ['near to none', 'zero', {}],
  ['the service fails', 'pretty', { endpoint: 'http://127.0.0.1:1' }],
])('%s: the fallback is taken, else the first', async (_, text, embeddings) => {
  expect((await ask(text, route({ fallback: 'poet' }, embeddings))).ctx.llm?.instance).toBe('poet')
  expect((await ask(text, route({}, embeddings))).ctx.llm?.instance).toBe('coder')
})

test('scores without a match are told: in headers on demand, in the log anyway', async () => {
  const { ctx } = await ask('zero')
  expect(ctx.responseHeaders.at(-1)).toEqual(['X-AI-Semantic-Picked-Instance', 'fallback'])
  expect(ctx.log).toMatchObject({
    lines: [
      { message: 'the request is near to no instance', fields: { scores: expect.any(String) as string } },
    ],
  })
})

test('where nothing was compared no header says so', async () => {
  const { ctx } = await ask('pretty', route({}, { endpoint: 'http://127.0.0.1:1' }))
  expect(ctx.responseHeaders.filter(([name]) => name.startsWith('X-AI-Semantic'))).toEqual([])
})

test.each([
  ['null', 'null'],
  ['no vectors', '{"data":[1]}'],
  ['a vector that is none', '{"data":[{"embedding":null}]}'],
  ['a number too large', '{"data":[{"embedding":[1e999,0]}]}'],
  ['a vector of another length', '{"data":[{"embedding":[1]}]}'],
  ['the vector of another text', '{"data":[{"index":1,"embedding":[1,0]}]}'],
])('a service that answers with %s has failed', async (_, body) => {
  const kept = route({ fallback: 'poet' })
  expect((await ask('code', kept)).ctx.llm?.instance).toBe('coder')
  server.setScript(({ url }) => (url.startsWith('/v1/embeddings') ? { body } : undefined))
  const { status, ctx } = await ask('code', kept)
  expect([status, ctx.llm?.instance]).toEqual([200, 'poet'])
})

test('examples are asked for once an hour', async () => {
  const kept = route({ debugging: false })
  for (let i = 0; i < 3; i++) await ask('pretty', kept)
  expect(embeddingsAsked()).toHaveLength(4)
  nowMs += 3_600_000
  await ask('pretty', kept)
  expect(embeddingsAsked()).toHaveLength(6)
})

test('nothing is compared without a user’s text, and a failure is not tried elsewhere', async () => {
  const messages = [{ role: 'assistant', content: 'poem' }]
  const { ctx } = await call(route(), { request: { body: { messages } } })
  expect(ctx.llm?.instance).toBe('coder')
  expect(embeddingsAsked()).toHaveLength(0)
  const failing = world.route(
    [{ examples: ['poem'], override: { endpoint: `${server.url}/s/e500` } }, { examples: ['code'] }],
    {
      balancer: { algorithm: 'semantic' },
      fallback_strategy: 'http_5xx',
      semantic_opts: {
        embeddings: {
          provider: 'openai',
          model: 'e',
          auth: {},
          endpoint: server.url,
          timeout: 3000,
          ssl_verify: true,
        },
        threshold: 0,
        debugging: false,
      },
    },
  )
  expect((await ask('pretty', failing)).status).toBe(500)
})

test('a long prompt is compared too', async () => {
  expect((await ask(`p${'x'.repeat(300_000)}`)).ctx.llm?.instance).toBe('poet')
  const inputs = embeddingsAsked().map(({ json }) => (json as { input: string[] }).input)
  expect(inputs.map(([text = '']) => text.length)).toContain(16_384)
})

test('what is compared is what the user said last, cut between characters', async () => {
  const bytes = Buffer.from('{}')
  const messages = [
    { role: 'user', content: 'old' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
    { role: 'assistant', content: 'c' },
  ]
  expect(await queryText(openaiChat, { messages }, bytes)).toBe('a b')
  expect(await queryText(openaiResponses, { input: 'x' }, bytes)).toBe('x')
  await fc.assert(
    fc.asyncProperty(fc.nat(5), async (shift) => {
      const text = 'x'.repeat(16_380 + shift) + '语言'
      const cut = await queryText(openaiChat, { messages: [{ role: 'user', content: text }] }, bytes)
      expect(text.startsWith(cut)).toBe(true)
      expect(Buffer.byteLength(cut)).toBeGreaterThan(16_380)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(16_384)
    }),
  )
})
