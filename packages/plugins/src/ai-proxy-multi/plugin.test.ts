import { readFileSync } from 'node:fs'
import {
  complaintAbout,
  createInstance,
  createTestHost,
  runInstance,
  runPlugin,
} from '@weir/plugin-api/harness'
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { createOrigins, createResolver } from '@weir/upstream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aiProxyMulti } from './plugin.ts'

const origins = createOrigins()
const host = createTestHost({ origins, resolver: createResolver() })
let first: LlmServer
let second: LlmServer

beforeAll(async () => {
  first = await startLlmServer({ name: 'first' })
  second = await startLlmServer({ name: 'second' })
})
afterAll(async () => {
  await origins.close()
  await Promise.all([first.close(), second.close()])
})

const instance = (name: string, more: object = {}) => ({
  name,
  provider: 'openai-compatible',
  weight: 1,
  auth: {},
  ...more,
})
const body = { model: 'gpt-x', messages: [{ role: 'user', content: 'hi' }] }

test('requests are spread by weight', async () => {
  const running = createInstance(
    aiProxyMulti,
    {
      instances: [
        instance('w8', { weight: 8, override: { endpoint: first.url } }),
        instance('w2', { weight: 2, override: { endpoint: second.url } }),
      ],
    },
    host,
  )
  const served: (string | undefined)[] = []
  for (let i = 0; i < 10; i++)
    served.push((await runInstance(running, { request: { body } })).ctx.llm?.instance)
  expect(served.filter((name) => name === 'w8')).toHaveLength(8)
})

test('another instance answers when the preferred one fails', async () => {
  first.setScenario({ status: 503 })
  const config = {
    fallback_strategy: ['http_5xx'],
    instances: [
      instance('low', { priority: 1, override: { endpoint: second.url } }),
      instance('high', { priority: 2, override: { endpoint: first.url } }),
    ],
  }
  const result = await runPlugin(aiProxyMulti, config, { host, request: { body } })
  expect(result.text).toContain('Hello from mock second')
  expect(host.log.lines).toContainEqual(
    expect.objectContaining({ message: 'ai instance high returned status 503, falling back to low' }),
  )
  expect(host.alerts.raised).toContainEqual(
    expect.objectContaining({
      event: 'fallback',
      from: 'high',
      to: 'low',
      reason: 'high failed: status 503',
    }),
  )
})

const two = [instance('a'), instance('b')]
const embeddings = { provider: 'openai', model: 'm', auth: {} }
const semantic = (options: object, instances: object[] = [instance('a', { examples: ['x'] })]) => ({
  balancer: { algorithm: 'semantic' },
  instances,
  semantic_opts: { embeddings, ...options },
})

test.each([
  [{ instances: [] }, 'property "instances" validation failed: expect array to have at least 1 items'],
  [
    { instances: [instance('a'), instance('a')] },
    "duplicate instance name 'a' at instances[1] and instances[2]",
  ],
  [{ instances: [instance('a', { override: { endpoint: 'example.com' } })] }, 'invalid endpoint'],
  [{ instances: [instance('a', { override: { endpoint: 'http://:80' } })] }, 'invalid endpoint'],
  [
    { instances: [instance('a', { provider: 'bedrock' })] },
    "instance 'a': bedrock requires provider_conf.region",
  ],
  [
    { instances: two, balancer: { algorithm: 'chash' } },
    'must configure `hash_key` when balancer `hash_on` is not set to cookie',
  ],
  [{ instances: two, balancer: { algorithm: 'chash', hash_on: 'consumer' } }, undefined],
  [{ instances: two, balancer: { algorithm: 'chash', key: 'remote_addr' } }, undefined],
  [{ instances: two, balancer: { algorithm: 'chash', key: 'nothing' } }, /^invalid configuration: /],
  [{ instances: two, balancer: {} }, undefined],
  [
    { instances: two, balancer: { algorithm: 'semantic' } },
    'must configure `semantic_opts.embeddings` when balancer algorithm is semantic',
  ],
  [semantic({ embeddings: { ...embeddings, endpoint: 'x' } }), 'invalid `semantic_opts.embeddings.endpoint`'],
  [
    semantic({ embeddings: { ...embeddings, provider: 'azure-openai' } }),
    'must configure `semantic_opts.embeddings.endpoint` when embeddings provider is azure-openai',
  ],
  [
    semantic({ embeddings: { ...embeddings, provider: 'azure-openai', endpoint: 'https://a.example/' } }),
    /^`semantic_opts.embeddings.endpoint` for azure-openai must include the full deployment path/,
  ],
  [semantic({}, two), "instance 'a': must configure non-empty `examples` for the semantic algorithm"],
  [semantic({ fallback: 'z' }), "`semantic_opts.fallback` names unknown instance 'z'"],
  [semantic({}), undefined],
  [{ instances: two, fallback_strategy: 'http_404' }, /fallback_strategy/],
  [{ instances: two, fallback_strategy: ['rate_limiting', 'http_429'] }, undefined],
])('%j: %s', (document, complaint) => {
  const said = complaintAbout(aiProxyMulti, document)
  if (complaint instanceof RegExp) expect(said).toMatch(complaint)
  else expect(said).toBe(complaint)
})

test('what the mission’s documents hold is valid: unknown members of checks, hosts with ports', () => {
  const checks = {
    active: { host: '10.0.0.1:8000', http_method: 'POST', request_body: '', healthy: { interval: 30 } },
  }
  const config = {
    balancer: { algorithm: 'roundrobin', hash_on: 'vars' },
    fallback_strategy: 'instance_health_and_rate_limiting',
    timeout: 600_000,
    keepalive_timeout: 4000,
    ssl_verify: false,
    instances: [instance('a', { checks })],
  }
  const parsed = aiProxyMulti.schema.parse(config)
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      instances: [{ priority: 0, checks: { active: { concurrency: 10, healthy: { successes: 2 } } } }],
    },
  })
})

test('the balancer’s default is there only when the whole object is absent', () => {
  expect(aiProxyMulti.schema.parse({ instances: two })).toMatchObject({
    value: { balancer: { algorithm: 'roundrobin' } },
  })
})

test('the example of the README is a valid configuration', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const [, document = ''] = /-X PUT -d '(\{.*?\n\})'/s.exec(readme) ?? []
  // The shell puts its variables there.
  const text = document.replaceAll(/'"(\$\w+)"'/g, '$1')
  const route = JSON.parse(text) as { plugins: Record<string, unknown> }
  expect(complaintAbout(aiProxyMulti, route.plugins['ai-proxy-multi'])).toBeUndefined()
})
