import { complaintAbout, createTestHost, type RunOptions, runPlugin } from '@weir/plugin-api/harness'
import { startLlmServer } from '@weir/testkit'
import { createHttpClient, createOrigins } from '@weir/upstream'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { aiRequestRewrite } from './plugin.ts'

const origins = createOrigins()
const llm = await startLlmServer({ name: 'rewriter' })
const host = createTestHost({ http: createHttpClient(origins) })

beforeEach(() => {
  llm.setScenario(undefined)
  llm.clear()
})
afterAll(async () => {
  await origins.close()
  await llm.close()
})

const config = {
  prompt: 'mask all',
  provider: 'openai-compatible',
  auth: { header: { Authorization: 'Bearer sk-secret' }, query: { key: 'k', v: '1' } },
  options: { model: 'rw', temperature: 0 },
  override: { endpoint: `${llm.url}/v1/chat/completions?v=2` },
}
const call = (changed: object = {}, request: RunOptions['request'] = { body: '{"any": "thing"}' }) =>
  runPlugin(aiRequestRewrite, { ...config, ...changed }, { request, host })

test('the answer takes the place of the body', async () => {
  const { ctx, reply } = await call(
    {},
    { body: '{"any": "thing"}', headers: { cookie: 'c', authorization: 'client' } },
  )
  expect(reply).toBeUndefined()
  expect(ctx.request.body?.toString()).toBe('Hello from mock rewriter')
  expect(ctx.request.headers).toMatchObject({ 'content-length': '24' })
  const [asked] = llm.requests
  expect(asked).toMatchObject({
    method: 'POST',
    url: '/v1/chat/completions?key=k&v=2',
    headers: { authorization: 'Bearer sk-secret', 'content-type': 'application/json' },
    json: {
      messages: [
        { role: 'system', content: 'mask all' },
        { role: 'user', content: '{"any": "thing"}' },
      ],
      stream: false,
      model: 'rw',
      temperature: 0,
    },
  })
  expect(asked?.headers).not.toHaveProperty('cookie')
})

test('without a path the provider’s is called, and Azure is told no model', async () => {
  await call({ override: { endpoint: llm.url } })
  expect(llm.requests[0]?.url).toBe('/v1/chat/completions?key=k&v=1')
  await call({ provider: 'azure-openai' })
  expect(llm.requests[1]?.json).not.toHaveProperty('model')
})

test('a long body is rewritten, too', async () => {
  const body = `${'é"\\n😀'.repeat(30_000)}\u0001`
  const { reply } = await call({}, { body })
  expect(reply).toBeUndefined()
  expect(llm.requests[0]?.json).toMatchObject({ messages: [{}, { content: body }] })
})

test('without a body there is nothing to rewrite', async () => {
  for (const { reply } of [await call({}, {}), await call({ max_req_body_size: 5 })])
    expect(reply).toMatchObject({ status: 400 })
  expect(llm.requests).toEqual([])
})

test.each([
  ['an error', { status: 503 }, 'status 503'],
  ['a redirect', { status: 302, headers: { Location: llm.url } }, 'status 302'],
  ['no JSON', { body: 'nonsense' }, 'the answer is not JSON'],
  ['no text', { body: '{"choices":[{"message":{"content":null}}]}' }, 'no text in the answer'],
  ['nothing in time', { delayMs: 60_000 }, 'no complete answer within 100 ms'],
])('%s fails the request', async (_, scenario, reason) => {
  llm.setScenario(scenario)
  // Only who never answers is waited for to the end.
  const { reply, ctx } = await call(reason.includes('within') ? { timeout: 100 } : {})
  expect(reply).toEqual({ status: 500, body: { error_msg: 'the request could not be rewritten' } })
  const lines = JSON.stringify(host.log.lines.at(-1))
  expect(lines).toContain(reason)
  expect(lines).not.toContain('thing')
  expect(lines).not.toContain('sk-secret')
  expect(ctx.request.body?.toString()).toBe('{"any": "thing"}')
})

const endpoint = (text: string) => ({ override: { endpoint: text } })
test.each([
  [{ override: undefined }, 'override.endpoint is required for openai-compatible provider'],
  [{ override: undefined, provider: 'bedrock' }, 'override.endpoint is required for bedrock provider'],
  [
    { override: undefined, provider: 'azure-openai' },
    'override.endpoint is required for azure-openai provider',
  ],
  [
    { ...endpoint('http://a'), provider: 'vertex-ai' },
    'override.endpoint needs a path for vertex-ai provider',
  ],
  [endpoint('ftp://a'), 'override.endpoint is not an http or https URL'],
  [endpoint('$env://LLM'), undefined],
  [{ ...endpoint('http://a/b'), provider: 'bedrock' }, undefined],
  [{ override: undefined, provider: 'openai' }, undefined],
])('%j: %s', (changed, complaint) => {
  const whole = JSON.parse(JSON.stringify({ ...config, ...changed })) as object
  expect(complaintAbout(aiRequestRewrite, whole)).toBe(complaint)
})
