import { noUsage, openaiChat } from '@weir/llm'
import { cacheOutcome, type CacheOutcome, type LlmExchange, type RequestSummary } from '@weir/plugin-api'
import {
  complaintAbout,
  createTestContext,
  createTestExchange,
  createTestHost,
  type TestContextOptions,
} from '@weir/plugin-api/harness'
import { createMetrics, type MetricsShape, renderMetrics } from '@weir/telemetry'
import { describe, expect, test } from 'vitest'
import { prometheus } from './plugin.ts'

const summary: RequestSummary = {
  status: 200,
  source: 'upstream',
  requestBytes: 100,
  responseBytes: 250,
  durationMs: 12,
  upstreamMs: 10,
  outcome: 'complete',
}
const route = {
  id: '7',
  name: 'seven',
  serviceId: 's',
  serviceName: 'svc',
  uri: '/v1/*',
  hostPattern: '*.test',
}

function exchange(more: Partial<LlmExchange> = {}, stream = false): LlmExchange {
  const usage = { ...noUsage, promptTokens: 10, completionTokens: 5, totalTokens: 15 }
  const body = { model: 'gpt-x', messages: [], stream }
  const made = createTestExchange({ protocol: openaiChat, body, instance: 'b', model: 'gpt-y', usage })
  return { ...made, timeToFirstTokenMs: 3, upstreamMs: 10, ...more }
}

/** One plugin on real metrics, and their page without buckets and comments. */
function counting(
  config: { prefer_name: boolean } = { prefer_name: false },
  metadata: () => unknown = () => undefined,
  shape: MetricsShape = {},
) {
  const metrics = createMetrics({ shape })
  const instance = prometheus.create(config, { ...createTestHost({ metadata }), metrics })
  function page(): string[] {
    const text = renderMetrics(metrics.snapshot(), { prefix: '', shape })
    return text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket'))
  }
  function request(options: TestContextOptions, of: Partial<RequestSummary> = {}): void {
    const ctx = createTestContext({ route, ...options })
    void instance.access?.(ctx)
    instance.log?.(ctx, { ...summary, ...of })
  }
  return { instance, page, request }
}

describe('any request', () => {
  test('counts its status, bytes and times', () => {
    const { page, request } = counting()
    request({ consumer: 'jack' })
    const caller = 'consumer="jack",node="",request_type="traditional_http",request_llm_model="",llm_model=""'
    const labels = `route="7",service="s",${caller}`
    expect(page()).toEqual([
      `bandwidth{type="ingress",${labels}} 100`,
      `bandwidth{type="egress",${labels}} 250`,
      ...['request', 'apisix', 'upstream'].flatMap((type, i) => [
        `http_latency_count{type="${type}",${labels}} 1`,
        `http_latency_sum{type="${type}",${labels}} ${[12, 2, 10][i]}`,
      ]),
      `http_status{code="200",route="7",matched_uri="/v1/*",matched_host="*.test",service="s",${caller},` +
        'response_source="upstream"} 1',
    ])
  })

  test('that called no upstream has no upstream time', () => {
    const { page, request } = counting()
    request({}, { upstreamMs: undefined, status: 401, source: 'apisix' })
    const text = page().join('\n')
    expect(text).not.toContain('type="upstream"')
    expect(text).toMatch(/http_latency_sum\{type="apisix".*\} 12/)
    expect(text).toMatch(/http_status\{code="401".*response_source="apisix"\} 1/)
  })

  test('shows names instead of ids where preferred and given', () => {
    const { page, request } = counting({ prefer_name: true })
    request({})
    request({ route: { ...route, id: '8', name: undefined, serviceName: undefined } })
    const text = page().join('\n')
    expect(text).toContain('route="seven",service="svc"')
    expect(text).toContain('route="8",service="s"')
  })

  test('follows names that change', () => {
    const { page, request } = counting({ prefer_name: true })
    request({})
    request({ route: { ...route, serviceName: undefined } })
    request({ route: { ...route, name: undefined } })
    const text = page().join('\n')
    expect(text).toContain('route="seven",service="s"')
    expect(text).toContain('route="7",service="svc"')
  })
})

describe('a request to an LLM', () => {
  const labels =
    'route_id="7",service_id="s",consumer="",node="b",request_type="ai_chat",request_llm_model="gpt-x",llm_model="gpt-y"'

  test('counts tokens and times under its instance and models', () => {
    const { page, request } = counting()
    request({ llm: exchange() })
    request({ llm: exchange() })
    const lines = page()
    for (const line of [
      `llm_prompt_tokens{${labels}} 20`,
      `llm_completion_tokens{${labels}} 10`,
      `llm_prompt_tokens_dist_count{${labels}} 2`,
      `llm_completion_tokens_dist_sum{${labels}} 10`,
      `llm_latency_sum{type="total",${labels}} 20`,
    ]) {
      expect(lines).toContain(line)
    }
  })

  test('has a time to the first token when it streams', () => {
    const { page, request } = counting()
    request({ llm: exchange({}, true) })
    expect(page().join('\n')).toMatch(/llm_latency_sum\{type="ttft".*request_type="ai_stream".*\} 3/)
  })

  test('that failed counts 0 tokens and no LLM times', () => {
    const { page, request } = counting()
    request({ llm: exchange({ usage: undefined }) }, { status: 500 })
    request({ llm: exchange({ usage: undefined, timeToFirstTokenMs: 0 }) })
    const text = page().join('\n')
    expect(text).toContain(`llm_prompt_tokens{${labels}} 0`)
    expect(text).not.toContain('llm_latency')
  })

  test('counts what a cache did with it', () => {
    const { instance, page } = counting()
    const outcomes: CacheOutcome[] = [
      { status: 'HIT', layer: 'exact', embeddingMs: undefined },
      { status: 'HIT', layer: 'exact', embeddingMs: undefined },
      { status: 'HIT', layer: 'semantic', embeddingMs: 20 },
      { status: 'MISS', layer: undefined, embeddingMs: 30 },
      { status: 'BYPASS', layer: undefined, embeddingMs: undefined },
    ]
    for (const outcome of outcomes) {
      const ctx = createTestContext({ route, llm: exchange() })
      ctx.state.set(cacheOutcome, outcome)
      instance.log?.(ctx, summary)
    }
    const own = labels
      .replace('route_id', 'route="seven",route_id')
      .replace('service_id', 'service="svc",service_id')
    const ofHits = own.replace(/,llm_model="[^"]*"/, ',llm_model=""')
    expect(page().filter((line) => line.startsWith('ai_cache'))).toEqual([
      `ai_cache_bypasses_total{${own}} 1`,
      `ai_cache_embedding_latency_count{${ofHits}} 1`,
      `ai_cache_embedding_latency_sum{${ofHits}} 20`,
      `ai_cache_embedding_latency_count{${own}} 1`,
      `ai_cache_embedding_latency_sum{${own}} 30`,
      `ai_cache_hits_total{layer="exact",${ofHits}} 2`,
      `ai_cache_hits_total{layer="semantic",${ofHits}} 1`,
      `ai_cache_misses_total{${own}} 1`,
    ])
  })

  test('is an active connection until it is over', () => {
    const { instance, page } = counting()
    const ctx = createTestContext({ route, llm: exchange() })
    void instance.access?.(ctx)
    const active = () => page().find((line) => line.startsWith('llm_active_connections'))
    expect(active()).toBe(
      'llm_active_connections{route="seven",route_id="7",matched_uri="/v1/*",matched_host="*.test",service="svc",' +
        'service_id="s",consumer="",node="b",request_type="ai_chat",request_llm_model="gpt-x",llm_model="gpt-y"} 1',
    )
    instance.log?.(ctx, summary)
    expect(active()).toMatch(/ 0$/)
  })

  test('shows at most 128 bytes of a model’s name, and no half characters', () => {
    const { page, request } = counting()
    request({ llm: exchange({ requestModel: 'é'.repeat(100), model: `x${'é'.repeat(100)}` }) })
    const text = page().join('\n')
    expect(text).toContain(`request_llm_model="${'é'.repeat(64)}"`)
    expect(text).toContain(`llm_model="x${'é'.repeat(63)}"`)
  })
})

describe('extra labels', () => {
  const extraLabels = {
    http_status: [
      { name: 'agent', value: '$http_user_agent' },
      { name: 'zone', value: 'west' },
    ],
    llm_active_connections: [{ name: 'agent', value: '$http_user_agent' }],
  }

  test('hold variables of the request, or a text, on the metrics that have them', () => {
    const { page, request } = counting(undefined, undefined, { extraLabels })
    for (const agent of ['curl', 'curl', 'é'.repeat(100)]) {
      request({ variables: { http_user_agent: agent }, llm: exchange() })
    }
    const statuses = page().filter((line) => line.startsWith('http_status'))
    expect(statuses).toHaveLength(2)
    expect(statuses[0]).toMatch(/,response_source="upstream",agent="curl",zone="west"\} 2$/)
    expect(statuses[1]).toContain(`agent="${'é'.repeat(64)}"`)
    expect(page().find((line) => line.startsWith('llm_active'))).toContain('agent="curl"} 0')
    expect(page().find((line) => line.startsWith('bandwidth'))).not.toContain('agent')
  })

  test('are empty where there is no such variable', () => {
    const { page, request } = counting(undefined, undefined, { extraLabels })
    request({})
    expect(page().find((line) => line.startsWith('http_status'))).toContain('agent="",zone="west"')
  })
})

const check = (metadata: object) => prometheus.metadataSchema?.check(metadata)

describe('plugin metadata', () => {
  test('empties labels, as soon as it changes', () => {
    let metadata: unknown
    const { page, request } = counting(undefined, () => metadata)
    request({ consumer: 'jack' })
    metadata = { disabled_labels: { bandwidth: ['consumer'] } }
    request({ consumer: 'jack' })
    const lines = page().filter((line) => line.includes('type="egress"'))
    expect(lines).toHaveLength(2)
    expect(lines[1]).toContain('consumer=""')
    expect(page().find((line) => line.startsWith('http_status'))).toContain('consumer="jack"')
  })

  test('cannot empty labels that tell kinds apart', () => {
    expect(check({ disabled_labels: { http_status: ['route', 'node'] } })).toBeUndefined()
    expect(check({ disabled_labels: { http_status: ['code'] } })).toContain('matches none of the enum values')
    expect(check({ disabled_labels: { nonsense: [] } })).toContain('additional properties forbidden')
  })
})

test('configurations', () => {
  expect(complaintAbout(prometheus, {})).toBeUndefined()
  expect(complaintAbout(prometheus, { prefer_name: 'yes' })).toContain(
    'property "prefer_name" validation failed',
  )
})

test('the gateway’s own time before and after the upstream, and the time per token of streams', () => {
  const { instance, page } = counting()
  const ctx = createTestContext({ route, llm: exchange({ timeToFirstTokenMs: 2, upstreamMs: 10 }, true) })
  const attempt = { address: '', node: 'b', status: 200, connectMs: 1, headerMs: 2, responseMs: 10 }
  ctx.upstream.attempts.push({ ...attempt, startedAt: ctx.startedAt + 3 })
  instance.log?.(ctx, { ...summary, durationMs: 14 })
  const sums = page().filter((line) => /_sum.*"gpt-y"/.test(line))
  const labels = 'route_id="7",service_id="s",consumer="",node="b",request_type="ai_stream"'
  const models = 'request_llm_model="gpt-x",llm_model="gpt-y"'
  expect(sums).toContain(`llm_time_per_output_token_sum{${labels},${models}} 2`)
  const [before = '', after = ''] = sums.filter((line) => line.startsWith('llm_gateway_overhead'))
  expect(before).toContain('type="before"')
  expect(Number(before.split(' ').at(-1))).toBeCloseTo(3, 3)
  expect(after).toContain('type="after"')
  expect(Number(after.split(' ').at(-1))).toBeCloseTo(1, 3)
})
