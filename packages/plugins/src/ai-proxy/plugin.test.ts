import { readFileSync } from 'node:fs'
import { complaintAbout, createTestHost, runPlugin } from '@weir/plugin-api/harness'
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { createOrigins, createResolver } from '@weir/upstream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aiProxy } from './plugin.ts'

const origins = createOrigins()
const host = createTestHost({ origins, resolver: createResolver() })
let server: LlmServer

beforeAll(async () => {
  server = await startLlmServer()
})
afterAll(async () => {
  await origins.close()
  await server.close()
})

const config = () => ({
  provider: 'openai-compatible',
  auth: { header: { Authorization: 'Bearer sk-up' } },
  override: { endpoint: `${server.url}/s/ok/v1/chat/completions` },
})
const body = { model: 'gpt-x', messages: [{ role: 'user', content: 'hi' }] }

test('a request is answered by the provider, with the route’s credentials', async () => {
  const result = await runPlugin(aiProxy, config(), { host, request: { body } })
  expect(result).toMatchObject({ status: 200, ended: 'complete', source: 'upstream' })
  expect(result.text).toContain('Hello from mock')
  expect(result.ctx.llm?.instance).toBe('ai-proxy-openai-compatible')
  expect(server.requests.at(-1)).toMatchObject({
    url: '/s/ok/v1/chat/completions',
    headers: { authorization: 'Bearer sk-up' },
    json: body,
  })
})

test('a stream arrives whole', async () => {
  const result = await runPlugin(aiProxy, config(), { host, request: { body: { ...body, stream: true } } })
  expect(result.text.match(/^data: /gm)).toHaveLength(7)
  expect(result.header('content-type')).toBe('text/event-stream')
})

test.each([
  [{ auth: {} }, 'property "provider" is required'],
  [{ provider: 'openai' }, 'property "auth" is required'],
  [{ provider: 'x', auth: {} }, 'property "provider" validation failed: matches none of the enum values'],
  [{ provider: 'openai', auth: { other: {} } }, /additional properties forbidden, found other/],
  [
    { provider: 'vertex-ai', auth: {}, provider_conf: { region: 'r' } },
    'vertex-ai requires either provider_conf (project_id + region) or override.endpoint',
  ],
  [{ provider: 'bedrock', auth: {} }, 'bedrock requires provider_conf.region'],
  [{ provider: 'bedrock', auth: {}, provider_conf: { region: 'r' } }, 'bedrock requires auth.aws'],
  [
    { provider: 'openai', auth: { gcp: { service_account_json: '{secret' } } },
    'invalid gcp service_account_json: not valid JSON',
  ],
  [{ provider: 'openai', auth: {}, override: { llm_options: { max_tokens: 0 } } }, /max_tokens/],
  [{ provider: 'openai', auth: { gcp: { service_account_json: '$secret://v/1/a/b' } } }, undefined],
])('%j: %s', (document, complaint) => {
  const said = complaintAbout(aiProxy, document)
  if (complaint instanceof RegExp) expect(said).toMatch(complaint)
  else expect(said).toBe(complaint)
})

test('defaults are the contract’s', () => {
  const parsed = aiProxy.schema.parse({ provider: 'openai', auth: {} })
  expect(parsed).toEqual({
    ok: true,
    value: {
      provider: 'openai',
      auth: {},
      timeout: 30_000,
      max_req_body_size: 67_108_864,
      keepalive: true,
      keepalive_timeout: 60_000,
      keepalive_pool: 30,
      streaming_flush_interval_ms: 10,
      ssl_verify: true,
    },
  })
})

test('the example of the README is a valid configuration', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const [, document = ''] = /-X PUT -d '(\{.*?\n\})'/s.exec(readme) ?? []
  // The shell puts its variables there.
  const text = document.replaceAll(/'"(\$\w+)"'/g, '$1')
  const route = JSON.parse(text) as { plugins: Record<string, unknown> }
  expect(complaintAbout(aiProxy, route.plugins['ai-proxy'])).toBeUndefined()
})
