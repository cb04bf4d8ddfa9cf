// Traces and times of a whole gateway: what a collector is told, what the provider gets, what clients are shown.
import { type LlmServer, type OtlpServer, startLlmServer, startOtlpServer, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilRouted } from './world/calls.ts'
import { startWeir, type Weir } from './world/weir.ts'

let weir: Weir
let provider: LlmServer
let collector: OtlpServer

beforeAll(async () => {
  provider = await startLlmServer()
  collector = await startOtlpServer()
  weir = await startWeir({ weir: { expose_timings: true } })
  await weir.put('plugin_metadata/opentelemetry', {
    collector: { address: collector.address },
    // Longer than the test: what waits is sent when the gateway ends.
    batch_span_processor: { batch_timeout: 600, inactive_timeout: 600 },
    metrics: { interval: 600 },
  })
  await weir.put('global_rules/1', {
    plugins: { opentelemetry: { sampler: { name: 'always_on' } }, 'request-id': {} },
  })
  const instance = (name: string, priority: number, scenario: string) => ({
    name,
    provider: 'openai-compatible',
    weight: 1,
    priority,
    auth: { header: { Authorization: 'Bearer sk-provider' } },
    override: { endpoint: `${provider.url}/s/${scenario}/v1/chat/completions` },
  })
  await weir.put('routes/1', {
    uri: '/v1/*',
    name: 'chat',
    plugins: {
      'ai-proxy-multi': {
        fallback_strategy: ['http_5xx'],
        instances: [instance('hi', 1, 'e500'), instance('lo', 0, 'ok')],
      },
    },
  })
  await untilRouted(`${weir.proxyUrl}/v1/x`)
}, 120_000)
afterAll(async () => {
  await weir.stop()
  await provider.close()
  await collector.close()
})

test('a request, its attempts and its times', async () => {
  provider.clear()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const response = await fetch(`${weir.proxyUrl}/v1/chat/completions?api_key=sk-client`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'a secret prompt' }] }),
  })
  expect(response.status).toBe(200)
  await response.text()
  expect(response.headers.get('server-timing')).toMatch(
    /^before;dur=[\d.]+, ttft;dur=[\d.]+, upstream;dur=[\d.]+, token;dur=[\d.]+, after;dur=[\d.]+$/,
  )
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  const parents = provider.requests.map(({ headers }) => headers['traceparent'])
  expect(new Set(parents).size).toBe(1)

  await weir.process.stop()
  await until(() => collector.spans.some((span) => span.traceId === traceId))
  const spans = collector.spans.filter((span) => span.traceId === traceId)
  const server = spans.find(({ kind }) => kind === 2)
  expect(parents[0]).toBe(`00-${traceId}-${server?.spanId}-01`)
  expect(server).toMatchObject({
    name: 'POST /v1/*',
    parentSpanId: '00f067aa0ba902b7',
    attributes: { 'apisix.route_name': 'chat', 'http.status_code': 200 },
  })
  expect(spans.filter(({ kind }) => kind === 3)).toMatchObject([
    {
      name: 'chat m',
      parentSpanId: server?.spanId,
      attributes: { 'error.type': '500', 'weir.instance': 'hi' },
    },
    { name: 'chat m', parentSpanId: server?.spanId, attributes: { 'gen_ai.usage.input_tokens': 10 } },
  ])
  await until(() => collector.histograms.some(({ name }) => name === 'gen_ai.client.operation.duration'))
  const told = collector.requests.map(({ body }) => body.toString('latin1')).join('')
  expect(told).not.toMatch(/sk-|secret prompt/)
})
