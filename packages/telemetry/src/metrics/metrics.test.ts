import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExpiry } from './expiry.ts'
import { createMetrics, type LocalMetrics } from './metrics.ts'
import { mergeSnapshots } from './merge.ts'
import { renderMetrics } from './render.ts'
import { createMetricsServer } from './server.ts'

const page = (...metrics: LocalMetrics[]) =>
  renderMetrics(mergeSnapshots(metrics.map((each) => each.snapshot())), { prefix: 'apisix_' })

describe('the page', () => {
  test('shows counters, gauges and cumulated histograms with all labels in order', () => {
    const metrics = createMetrics()
    metrics.counter('bandwidth', { type: 'egress', route: '1', node: 'a"b\\c\nd' }).inc(7)
    metrics.gauge('etcd_reachable', {}).set(1)
    const latency = metrics.histogram('llm_prompt_tokens_dist', { route_id: '1' })
    for (const tokens of [1, 5, 10, 11, 2_000_000]) latency.observe(tokens)
    const text = page(metrics)
    expect(text).toContain(
      '# TYPE apisix_bandwidth counter\napisix_bandwidth{type="egress",route="1",service="",consumer="",' +
        'node="a\\"b\\\\c\\nd",request_type="",request_llm_model="",llm_model=""} 7\n',
    )
    expect(text).toContain('# TYPE apisix_etcd_reachable gauge\napisix_etcd_reachable 1\n')
    const labels =
      'route_id="1",service_id="",consumer="",node="",request_type="",request_llm_model="",llm_model=""'
    for (const line of [
      `_bucket{${labels},le="1"} 1`,
      `_bucket{${labels},le="10"} 3`,
      `_bucket{${labels},le="1000000"} 4`,
      `_bucket{${labels},le="+Inf"} 5`,
      `_count{${labels}} 5`,
      `_sum{${labels}} 2000027`,
    ]) {
      expect(text).toContain(`apisix_llm_prompt_tokens_dist${line}\n`)
    }
    expect(text.endsWith('\n')).toBe(true)
  })

  test('adds up what several threads counted', () => {
    const [one, two] = [createMetrics(), createMetrics()]
    one.counter('bandwidth', { type: 'egress' }).inc(1)
    two.counter('bandwidth', { type: 'egress' }).inc(2)
    two.counter('bandwidth', { type: 'ingress' }).inc(5)
    two.histogram('http_latency', { type: 'request' }).observe(3)
    one.histogram('http_latency', { type: 'request' }).observe(4)
    const text = page(one, two)
    expect(text).toMatch(/bandwidth\{type="egress".*\} 3\n/)
    expect(text).toMatch(/bandwidth\{type="ingress".*\} 5\n/)
    expect(text).toMatch(/http_latency_sum\{type="request".*\} 7\n/)
    expect(text).toMatch(/http_latency_bucket\{type="request".*le="5"\} 2\n/)
  })
})

test('merging is a sum, however the counts are spread over threads', () => {
  const observation = fc.tuple(fc.nat(2), fc.constantFrom('a', 'b'), fc.nat(100_000))
  fc.assert(
    fc.property(fc.array(observation), (observations) => {
      const threads = [createMetrics(), createMetrics(), createMetrics()]
      const alone = createMetrics()
      for (const [thread, type, value] of observations) {
        for (const metrics of [threads[thread] ?? alone, alone]) {
          metrics.histogram('http_latency', { type }).observe(value)
        }
      }
      expect(
        page(...threads)
          .split('\n')
          .toSorted(),
      ).toEqual(page(alone).split('\n').toSorted())
    }),
  )
})

describe('series', () => {
  test('are the same for the same labels, in whatever order', () => {
    const metrics = createMetrics()
    expect(metrics.counter('bandwidth', { type: 'a', route: 'b' })).toBe(
      metrics.counter('bandwidth', { route: 'b', type: 'a', other: 'c' }),
    )
  })

  test('are bounded; the rest is counted together', () => {
    const metrics = createMetrics({ seriesMax: 3 })
    for (let i = 0; i < 10; i++) metrics.counter('llm_prompt_tokens', { request_llm_model: `m${i}` }).inc()
    const text = page(metrics)
    expect(text).toMatch(/request_llm_model="m2".*\} 1\n/)
    expect(text).not.toContain('"m3"')
    expect(text).toMatch(/request_llm_model="overflow".*\} 7\n/)
    expect(text).toContain('nginx_metric_errors_total 7\n')
  })

  test('of a gauge can be written anew', () => {
    const metrics = createMetrics()
    metrics.gauge('upstream_status', { name: 'gone' }).set(1)
    metrics.clear('upstream_status')
    metrics.gauge('upstream_status', { name: 'new' }).set(0)
    expect(page(metrics)).not.toContain('gone')
  })

  test('of unknown metrics, or of another type, are mistakes', () => {
    const metrics = createMetrics()
    expect(() => metrics.counter('nonsense', {})).toThrow('no metric is called nonsense')
    expect(() => metrics.counter('toString', {})).toThrow(TypeError)
    expect(() => metrics.counter('etcd_reachable', {})).toThrow('no counter')
    expect(() => metrics.histogram('bandwidth', {})).toThrow('no histogram')
  })
})

describe('an operator', () => {
  test('chooses buckets and more labels', () => {
    const shape = {
      buckets: { http_latency: [5, 50] },
      extraLabels: { http_latency: [{ name: 'zone', value: 'west' }] },
    }
    const metrics = createMetrics({ shape })
    expect(metrics.extraLabels).toBe(shape.extraLabels)
    metrics.histogram('http_latency', { type: 'request', zone: 'west' }).observe(7)
    const lines = renderMetrics(metrics.snapshot(), { prefix: '', shape }).split('\n')
    const buckets = lines.filter((line) => line.startsWith('http_latency_bucket'))
    expect(buckets.map((line) => line.replace(/.*llm_model="",/, ''))).toEqual([
      'zone="west",le="5"} 0',
      'zone="west",le="50"} 1',
      'zone="west",le="+Inf"} 1',
    ])
  })

  test('has series left out in which nothing was counted for long, until something is', () => {
    let now = 0
    const expire = createExpiry({ bandwidth: 10, llm_active_connections: 10, http_status: 0 }, () => now)
    const metrics = createMetrics()
    const shown = () =>
      Object.entries(expire(metrics.snapshot())).flatMap(([name, all]) => all.map(() => name))
    const bytes = metrics.counter('bandwidth', { type: 'egress' })
    bytes.inc(1)
    metrics.counter('http_status', { code: '200' }).inc()
    const active = metrics.gauge('llm_active_connections', {})
    active.inc()
    const names = ['bandwidth', 'http_status', 'llm_active_connections']
    expect(shown()).toEqual(names)
    now = 10_000
    expect(shown()).toEqual(names)
    now = 10_001
    expect(shown()).toEqual(['http_status', 'llm_active_connections'])
    bytes.inc(0)
    active.dec()
    expect(shown()).toEqual(['http_status', 'llm_active_connections'])
    bytes.inc(2)
    expect(expire(metrics.snapshot())['bandwidth']?.[0]?.values).toEqual([3])
    now = 30_000
    expect(shown()).toEqual(['http_status'])
  })
})

test('the server gives the page on its path only, and says when there is none', async () => {
  let fails = false
  const server = await createMetricsServer({
    ip: '127.0.0.1',
    port: 0,
    path: '/apisix/prometheus/metrics',
    collect: async () => {
      if (fails) throw new Error('no data')
      return 'page\n'
    },
  })
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
    return [response.status, await response.text(), response.headers.get('content-type')]
  }
  try {
    const type = 'text/plain; version=0.0.4; charset=utf-8'
    expect(await get('/apisix/prometheus/metrics?a=b')).toEqual([200, 'page\n', type])
    expect((await get('/'))[0]).toBe(404)
    expect((await get('/apisix/prometheus/metrics', 'PATCH'))[0]).toBe(404)
    fails = true
    expect((await get('/apisix/prometheus/metrics')).slice(0, 2)).toEqual([
      500,
      '{"message":"Failed to retrieve metrics: no data available"}\n',
    ])
  } finally {
    await server.close()
  }
})
