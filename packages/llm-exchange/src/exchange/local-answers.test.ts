// What is answered without asking a provider.
import { expect, test } from 'vitest'
import { call } from '../llm-world.testing.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const server = await serverOfFile()

const override = () => ({ endpoint: server.url })
const body = { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(400) }] }
const count = { body, target: '/v1/messages/count_tokens' }

test('GET /v1/models lists what the instances are configured with, each once', async () => {
  const route = world.route([
    { options: { model: 'a' }, override: override() },
    { options: { model: 'b' }, provider: 'anthropic', override: override() },
    { options: { model: 'a' }, override: override() },
    { override: override() },
  ])
  const { status, text, header } = await call(route, { request: { method: 'GET', target: '/x/v1/models' } })
  expect(status).toBe(200)
  expect(header('content-type')).toBe('application/json')
  expect(JSON.parse(text)).toEqual({
    object: 'list',
    data: [
      { id: 'a', object: 'model', created: 0, owned_by: 'openai-compatible' },
      { id: 'b', object: 'model', created: 0, owned_by: 'anthropic' },
    ],
  })
  expect(server.requests).toHaveLength(0)
})

test('GET /v1/models/<id> tells of one of them, also where its name has slashes', async () => {
  const route = world.route([
    { options: { model: 'qwen/qwen3:free' }, provider: 'openrouter', override: override() },
    { override: override() },
  ])
  const ask = (target: string) => call(route, { request: { method: 'GET', target } })
  const found = await ask('/x/v1/models/qwen/qwen3:free')
  expect(found.status).toBe(200)
  expect(JSON.parse(found.text)).toEqual({
    id: 'qwen/qwen3:free',
    object: 'model',
    created: 0,
    owned_by: 'openrouter',
  })
  const { status, text, header } = await ask('/v1/models/qwen')
  expect(status).toBe(404)
  expect(header('content-type')).toBe('application/json')
  expect(JSON.parse(text)).toMatchObject({
    error: { type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
  })
  expect(server.requests).toHaveLength(0)
})

test('tokens are counted by a provider that can, of what it can count, and cost nothing', async () => {
  server.setScenario({ body: '{"input_tokens":7}' })
  const options = { model: 'claude-x', temperature: 1 }
  const route = world.route([{ provider: 'anthropic', options, override: override() }])
  const { text, ctx } = await call(route, { request: count })
  expect(text).toBe('{"input_tokens":7}')
  expect(server.requests[0]).toMatchObject({
    url: '/v1/messages/count_tokens',
    json: { ...body, model: 'claude-x' },
  })
  expect(ctx.llm).toMatchObject({ stream: false, usage: { totalTokens: 0 } })
})

test.each([
  ['another provider', () => ({ override: override() })],
  [
    'an endpoint with a path',
    () => ({ provider: 'anthropic', override: { endpoint: `${server.url}/v1/messages` } }),
  ],
])('%s is not asked: the tokens are estimated, and that is said', async (_, instance) => {
  const { status, text, header } = await call(world.route([instance()]), { request: count })
  expect(status).toBe(200)
  const { input_tokens: tokens } = JSON.parse(text) as { input_tokens: number }
  expect(tokens).toBeGreaterThan(100)
  expect(tokens).toBeLessThan(200)
  expect(header('x-weir-estimated')).toBe('input_tokens')
  expect(server.requests).toHaveLength(0)
})
