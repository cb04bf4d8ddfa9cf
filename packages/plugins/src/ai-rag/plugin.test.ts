import { complaintAbout, createTestHost, runPlugin } from '@weir/plugin-api/harness'
import { startLlmServer } from '@weir/testkit'
import { createHttpClient, createOrigins } from '@weir/upstream'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { aiRag } from './plugin.ts'

const origins = createOrigins()
const server = await startLlmServer()
const host = createTestHost({ http: createHttpClient(origins) })
const found = '{"value":[{"content":"the \\"answer\\" is 42"}]}'
const vector = { body: '{"data":[{"embedding":[0.5,-1]}]}' }
const answers = new Map<string, { status?: number; body?: string }>()

beforeEach(() => {
  server.clear()
  answers.clear()
  answers.set('/embed', vector).set('/search', { body: found })
  server.setScript(({ url }) => answers.get(url))
})
afterAll(async () => {
  await origins.close()
  await server.close()
})

const config = {
  embeddings_provider: { azure_openai: { endpoint: `${server.url}/embed`, api_key: 'key-e' } },
  vector_search_provider: { azure_ai_search: { endpoint: `${server.url}/search`, api_key: 'key-s' } },
}
const wanted = { embeddings: { input: 'what?', dimensions: 2 }, vector_search: { fields: 'contentVector' } }
const ask = { role: 'user', content: 'hi' }

async function augmented(body: string | object, target = '/v1/chat/completions'): Promise<unknown> {
  const { ctx, reply } = await runPlugin(aiRag, config, { request: { target, body }, host })
  return reply ?? (JSON.parse(String(ctx.request.body)) as unknown)
}

test('what is found is said by the user', async () => {
  expect(await augmented({ model: 'm', messages: [ask], ai_rag: wanted })).toEqual({
    model: 'm',
    messages: [ask, { role: 'user', content: found }],
  })
  expect(server.requests).toMatchObject([
    { method: 'POST', url: '/embed', headers: { 'api-key': 'key-e' }, json: wanted.embeddings },
    {
      method: 'POST',
      url: '/search',
      headers: { 'api-key': 'key-s' },
      json: { vectorQueries: [{ kind: 'vector', vector: [0.5, -1], fields: 'contentVector' }] },
    },
  ])
})

test('in the caller’s protocol, and in a chat where there was none', async () => {
  expect(await augmented({ input: 'hi', ai_rag: wanted }, '/v1/responses')).toEqual({ input: `hi\n${found}` })
  const messages = [{ role: 'user', content: found }]
  expect(await augmented({ model: 'm', ai_rag: wanted })).toEqual({ model: 'm', messages })
})

test('in a long prompt as well', async () => {
  const long = { role: 'user', content: 'x'.repeat(100_000) }
  expect(await augmented({ messages: [long], ai_rag: wanted, model: 'm' })).toEqual({
    messages: [long, { role: 'user', content: found }],
    model: 'm',
  })
  const question = { ...wanted, embeddings: { input: 'y'.repeat(100_000) } }
  expect(await augmented({ messages: [ask], ai_rag: question })).toEqual({
    messages: [ask, { role: 'user', content: found }],
  })
  expect(server.requests[2]?.json).toEqual(question.embeddings)
})

test.each([
  {},
  { ai_rag: 1 },
  { ai_rag: { embeddings: { input: 'x' } } },
  { ai_rag: { ...wanted, embeddings: { input: ['x'] } } },
  { ai_rag: { ...wanted, vector_search: {} } },
])('%j is refused', async (body) => {
  expect(await augmented(body)).toMatchObject({ status: 400 })
  expect(server.requests).toEqual([])
})

test('what is no JSON is refused', async () => {
  expect(await augmented('{')).toMatchObject({ status: 400 })
})

test.each([
  ['/embed', { status: 401, body: 'wrong key' }, { status: 401, body: 'wrong key' }],
  ['/search', { status: 404, body: 'no index' }, { status: 404, body: 'no index' }],
  ['/embed', { body: '{"data":[]}' }, { status: 500, body: 'the embeddings service gave no vector' }],
  ['/embed', { body: 'nonsense' }, { status: 500, body: 'the embeddings service gave no vector' }],
])('%s that answers %j', async (path, answer, reply) => {
  answers.set(path, answer)
  expect(await augmented({ messages: [ask], ai_rag: wanted })).toEqual(reply)
})

test('a service that cannot be reached is a 500', async () => {
  const nowhere = { azure_openai: { endpoint: 'http://127.0.0.1:1/', api_key: 'key-e' } }
  const { reply } = await runPlugin(
    aiRag,
    { ...config, embeddings_provider: nowhere },
    { request: { body: { ai_rag: wanted } }, host },
  )
  expect(reply).toMatchObject({ status: 500, body: expect.stringContaining('127.0.0.1:1') as string })
  expect(JSON.stringify(reply)).not.toContain('key-e')
})

test('both services have an address', () => {
  const bad = { azure_openai: { endpoint: 'nowhere', api_key: 'k' } }
  expect(complaintAbout(aiRag, { ...config, embeddings_provider: bad })).toContain(
    'is not an http or https URL',
  )
  const referred = { azure_ai_search: { endpoint: '$env://SEARCH', api_key: '$env://KEY' } }
  expect(complaintAbout(aiRag, { ...config, vector_search_provider: referred })).toBeUndefined()
  expect(complaintAbout(aiRag, { ...config, embeddings_provider: {} })).toContain('azure_openai')
})
