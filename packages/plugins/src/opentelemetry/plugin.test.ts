import { readFileSync } from 'node:fs'
import { noUsage, openaiChat } from '@weir/llm'
import type { RequestSummary } from '@weir/plugin-api'
import {
  complaintAbout,
  createInstance,
  createTestContext,
  createTestExchange,
  createTestHost,
  type TestContextOptions,
  type TestHost,
} from '@weir/plugin-api/harness'
import { type OtlpServer, startOtlpServer, until } from '@weir/testkit'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { opentelemetry } from './plugin.ts'
import { formatTraceParent, parseTraceParent } from './trace-parent.ts'

let collector: OtlpServer
const cleanups: (() => void)[] = []
// Each test has its own: what one left waiting is sent when its plugin goes.
beforeEach(async () => {
  collector = await startOtlpServer()
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) cleanup()
  await collector.close()
})

const summary: RequestSummary = {
  status: 200,
  source: 'upstream',
  requestBytes: 1,
  responseBytes: 1,
  durationMs: 20,
  upstreamMs: 10,
  outcome: 'complete',
}
const alwaysOn = { sampler: { name: 'always_on' } }
const quick = () => ({
  collector: { address: collector.address, request_headers: { 'x-team': 'weir' } },
  batch_span_processor: { batch_timeout: 0.05, inactive_timeout: 0.05 },
  metrics: { interval: 0.1 },
})

function tracing(config: object = alwaysOn, metadata: object | 'none' = quick()) {
  const host: TestHost = createTestHost({ metadata: () => (metadata === 'none' ? undefined : metadata) })
  const instance = createInstance(opentelemetry, config, host)
  cleanups.push(() => instance.dispose?.())
  return {
    host,
    async request(options: TestContextOptions = {}, of: Partial<RequestSummary> = {}, attempts = 0) {
      const ctx = createTestContext(options)
      expect(await instance.rewrite?.(ctx)).toBeUndefined()
      for (let i = 1; i <= attempts; i++) {
        ctx.upstream.attempts.push({
          address: `10.0.0.${i}:443`,
          node: `i${i}`,
          provider: 'gemini',
          model: 'm-up',
          startedAt: ctx.startedAt + 2 * i,
          status: i === attempts ? 200 : 503,
          connectMs: 1,
          headerMs: 1,
          responseMs: 2,
        })
      }
      instance.log?.(ctx, { ...summary, ...of })
      return ctx
    },
  }
}

const usage = {
  ...noUsage,
  source: 'reported' as const,
  promptTokens: 10,
  completionTokens: 5,
  totalTokens: 15,
}
const secretPrompt = 'a prompt that nobody may see'
const body = { model: 'm', stream: true, messages: [{ role: 'user', content: secretPrompt }] }
const llm = () => ({
  ...createTestExchange({ protocol: openaiChat, body, instance: 'i2', usage }),
  timeToFirstTokenMs: 4,
  upstreamMs: 12,
})
const route = { id: '7', name: 'seven', serviceId: 's', serviceName: 'svc', uri: '/v1/*' }

test('one span per request, one per attempt, with the conventions’ attributes', async () => {
  const { request } = tracing()
  const headers = { 'user-agent': 'curl', 'x-tenant': 't' }
  await request({ route, llm: llm(), request: { target: '/v1/x?a=1', headers, body } }, {}, 2)
  await until(() => collector.spans.length === 3)
  const server = collector.spans.find(({ kind }) => kind === 2)
  expect(server).toMatchObject({
    name: 'POST /v1/*',
    parentSpanId: '',
    status: { code: 0 },
    resource: { 'service.name': 'APISIX' },
    attributes: {
      'http.method': 'POST',
      'http.request.method': 'POST',
      'http.target': '/v1/x?a=1',
      'url.path': '/v1/x',
      'http.scheme': 'http',
      'http.user_agent': 'curl',
      'user_agent.original': 'curl',
      'apisix.route_id': '7',
      'apisix.route_name': 'seven',
      'apisix.service_id': 's',
      'apisix.service_name': 'svc',
      'http.route': '/v1/*',
      'apisix.response_source': 'upstream',
      'http.status_code': 200,
      'http.response.status_code': 200,
    },
  })
  expect(Number((server?.endNs ?? 0n) - (server?.startNs ?? 0n)) / 1e6).toBeCloseTo(20, 1)
  // Batches may overtake one another.
  const calls = collector.spans
    .filter(({ kind }) => kind === 3)
    .toSorted((a, b) => Number(a.startNs - b.startNs))
  for (const call of calls) {
    expect(call).toMatchObject({ name: 'chat m-up', parentSpanId: server?.spanId, traceId: server?.traceId })
  }
  expect(calls).toMatchObject([
    { status: { code: 2 }, attributes: { 'error.type': '503', 'server.address': '10.0.0.1' } },
    {
      status: { code: 0 },
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'gcp.gemini',
        'gen_ai.request.model': 'm-up',
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 5,
        'gen_ai.response.time_to_first_chunk': 0.004,
        'server.port': 443,
        'weir.instance': 'i2',
      },
    },
  ])
  expect(collector.requests[0]).toMatchObject({ url: '/v1/traces', headers: { 'x-team': 'weir' } })
})

function point(name: string, type?: string) {
  return collector.histograms
    .find((histogram) => histogram.name === name)
    ?.points.find(({ attributes }) => attributes['gen_ai.token.type'] === type)
}

test('metrics of the GenAI conventions', async () => {
  await tracing().request({ llm: llm() }, {}, 1)
  await until(() => collector.histograms.length >= 4)
  expect(point('gen_ai.client.operation.duration')).toMatchObject({
    count: 1n,
    attributes: { 'gen_ai.request.model': 'm-up', 'gen_ai.provider.name': 'gcp.gemini' },
  })
  expect(point('gen_ai.client.operation.time_to_first_chunk')?.sum).toBeCloseTo(0.004)
  expect(point('gen_ai.server.time_per_output_token')?.sum).toBeCloseTo(0.002)
  expect(point('gen_ai.client.token.usage', 'input')?.sum).toBe(10)
  expect(point('gen_ai.client.token.usage', 'output')?.sum).toBe(5)
})

test('no prompt, key or token is told', async () => {
  const config = {
    ...alwaysOn,
    additional_attributes: [
      'http_authorization',
      'arg_apikey',
      'args',
      'request_uri',
      'consumer_name',
      'http_x_id',
    ],
    additional_header_prefix_attributes: ['x-*', 'cookie'],
  }
  const headers = { authorization: 'Bearer sk-1', cookie: 'a=sk-2', 'x-api-key': 'sk-3', 'x-id': '4' }
  await tracing(config).request({
    request: { target: '/?apikey=sk-5&b=1', headers, body },
    consumer: 'jack',
    llm: llm(),
    variables: { request_uri: '/?apikey=sk-5&b=1', args: 'apikey=sk-5' },
  })
  await until(() => collector.spans.length === 1)
  expect(collector.spans[0]?.attributes).toMatchObject({
    'http.target': '/?apikey=***&b=1',
    request_uri: '/?apikey=***&b=1',
    consumer_name: 'jack',
    http_x_id: '4',
    'x-id': '4',
  })
  const told = collector.requests.map(({ body: sent }) => sent.toString('latin1')).join('')
  expect(told).not.toContain('sk-')
  expect(told).not.toContain(secretPrompt)
})

test('variables are told as texts', async () => {
  const variables = { llm_total_tokens: 15, graph: ['a', 'b'], flag: false }
  const config = { ...alwaysOn, additional_attributes: [...Object.keys(variables), 'absent'] }
  await tracing(config).request({ variables })
  await until(() => collector.spans.length === 1)
  expect(collector.spans[0]?.attributes).toMatchObject({
    llm_total_tokens: '15',
    graph: 'a, b',
    flag: 'false',
  })
  expect(collector.spans[0]?.attributes).not.toHaveProperty('absent')
})

function hex(length: number) {
  const digit = fc.integer({ min: 0, max: 15 }).map((value) => value.toString(16))
  return fc
    .array(digit, { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((digits) => !/^0*$/.test(digits))
}

describe('trace context', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

  test('is continued and passed on', async () => {
    const { request } = tracing({ sampler: { name: 'parent_base' } }, { ...quick(), set_ngx_var: true })
    const ctx = await request({ request: { headers: { traceparent, tracestate: 'a=b' } } })
    await until(() => collector.spans.length === 1)
    const [span] = collector.spans
    expect(span).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentSpanId: '00f067aa0ba902b7',
    })
    expect(ctx.request.headers).toMatchObject({
      traceparent: `00-${span?.traceId}-${span?.spanId}-01`,
      tracestate: 'a=b',
    })
  })

  test('one that cannot be read is replaced, with its state', async () => {
    const ctx = await tracing().request({
      request: { headers: { traceparent: '00-0-0-01', tracestate: 'a=b' } },
    })
    expect(ctx.request.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(ctx.request.headers['tracestate']).toBeUndefined()
  })

  test('ids come from the request where that is wanted', async () => {
    const id = 'ABCDEF0123456789abcdef0123456789'
    const metadata = { ...quick(), trace_id_source: 'x-request-id' }
    const ctx = await tracing(alwaysOn, metadata).request({ request: { headers: { 'x-request-id': id } } })
    expect(ctx.request.headers['traceparent']).toContain(`00-${id.toLowerCase()}-`)
    const other = await tracing(alwaysOn, metadata).request({
      request: { headers: { 'x-request-id': 'short' } },
    })
    expect(other.request.headers['traceparent']).not.toContain('short')
  })

  test('what is written is read back', () => {
    const parents = fc.record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() })
    fc.assert(
      fc.property(parents, (parent) => {
        expect(parseTraceParent(formatTraceParent(parent))).toEqual(parent)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => parseTraceParent(text) === undefined))
    expect(parseTraceParent(`${traceparent}-more`)).toBeUndefined()
    expect(parseTraceParent(`cc${traceparent.slice(2)}-more`)).toMatchObject({ isSampled: true })
    expect(parseTraceParent(`ff${traceparent.slice(2)}`)).toBeUndefined()
  })
})

test.each([
  [{}, '00'],
  [{ sampler: { name: 'trace_id_ratio', options: { fraction: 0 } } }, '00'],
  [{ sampler: { name: 'trace_id_ratio', options: { fraction: 1 } } }, '01'],
  [{ sampler: { name: 'parent_base' } }, '00'],
  [{ sampler: { name: 'parent_base', options: { root: { name: 'always_on' } } } }, '01'],
])('sampler %j', async (config, flags) => {
  const ctx = await tracing(config).request()
  expect(ctx.request.header('traceparent')?.slice(-2)).toBe(flags)
})

test('a failure is an error, and a request without a route has no pattern in its name', async () => {
  await tracing().request({ route: { id: '', uri: '' } }, { status: 503, source: 'apisix' })
  await until(() => collector.spans.length === 1)
  expect(collector.spans).toMatchObject([{ name: 'GET', status: { code: 2, message: 'apisix error: 503' } }])
})

test('without metadata it does nothing', async () => {
  const ctx = await tracing(alwaysOn, 'none').request()
  expect(ctx.request.headers['traceparent']).toBeUndefined()
})

test('a collector that is away is told of once, and holds nobody up', async () => {
  collector.setStatus(400)
  const { request, host } = tracing()
  for (let i = 0; i < 3; i++) await request()
  await until(() => host.log.lines.length > 0)
  expect(host.log.lines).toMatchObject([{ level: 'warn', fields: { what: 'spans' } }])
})

test('what is told waits in a queue with a bound; spans that find it full are dropped', async () => {
  const metadata = {
    ...quick(),
    batch_span_processor: { max_queue_size: 5, max_export_batch_size: 5, batch_timeout: 0.2 },
  }
  const { request } = tracing(alwaysOn, metadata)
  for (let i = 0; i < 50; i++) await request()
  await until(() => collector.spans.length > 0)
  expect(collector.spans.length).toBeLessThan(50)
})

test.each([
  [{ sampler: { name: 'x' } }, /sampler/],
  [{ additional_attributes: [''] }, /additional_attributes/],
  [{}, undefined],
])('%j: %s', (config, complaint) => {
  const said = complaintAbout(opentelemetry, config)
  if (complaint) expect(said).toMatch(complaint)
  else expect(said).toBeUndefined()
})

test('the examples of the README are valid', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const documents = [...readme.matchAll(/-X PUT -d '\n(\{.*?\})'/gs)].map(
    ([, text = '']) => JSON.parse(text) as Record<string, unknown>,
  )
  expect(documents).toHaveLength(2)
  expect(opentelemetry.metadataSchema?.check(documents[0])).toBeUndefined()
  const { plugins } = documents[1] as { plugins: Record<string, unknown> }
  expect(complaintAbout(opentelemetry, plugins['opentelemetry'])).toBeUndefined()
})
