import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MessageChannel } from 'node:worker_threads'
import type { ActiveHealthCheck, HealthCheck } from '@weir/contract'
import { until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { activeCheck } from './active-check.testing.ts'
import { createHealthClient, createHealthRegistry, type HealthAlerts, type HealthWanted } from './index.ts'

type Alert = Parameters<HealthAlerts['raise']>[0]

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** Schema intervals are whole seconds; the checker itself takes any. */
const intervalSeconds = 0.02

function checks(more: Partial<ActiveHealthCheck> = {}, limits = { failures: 2, successes: 2 }): HealthCheck {
  return {
    active: {
      ...activeCheck(more),
      healthy: { http_statuses: [200], successes: limits.successes, interval: intervalSeconds },
      unhealthy: {
        http_statuses: [503],
        http_failures: limits.failures,
        tcp_failures: limits.failures,
        timeouts: limits.failures,
        interval: intervalSeconds,
      },
    },
  }
}

/** A model server whose health can be set. */
async function model() {
  const seen: { request: IncomingMessage; body: string }[] = []
  const state = { status: 200, silent: false, delayMs: 0, inFlight: 0, mostInFlight: 0 }
  const server = createServer((request, response) => {
    state.inFlight++
    state.mostInFlight = Math.max(state.mostInFlight, state.inFlight)
    let body = ''
    request.on('data', (bytes) => {
      body += String(bytes)
    })
    request.on('end', () => {
      seen.push({ request, body })
      if (!state.silent) setTimeout(answer, state.delayMs)
    })
    function answer(): void {
      state.inFlight--
      response.writeHead(state.status).end()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { state, seen, port, target: { host: '127.0.0.1', port, hostname: 'model.test' } }
}

function registry(lingerMs?: number) {
  const alerts: Alert[] = []
  const made = createHealthRegistry({ alerts: { raise: (alert) => alerts.push(alert) }, lingerMs })
  cleanups.push(() => made.close())
  return { registry: made, alerts }
}

function wantedOf(...targets: HealthWanted['targets']): HealthWanted {
  return { name: 'test', checks: checks(), targets, tls: false, label: 'gpt', resource: '/apisix/routes/1' }
}

describe('a checker', () => {
  test('sends the configured probe and turns a failing target off and on again, with one alert each', async () => {
    const server = await model()
    const { registry: health, alerts } = registry()
    const active = {
      http_method: 'POST',
      http_path: '/v1/chat',
      http_req_body: '{"a":1}',
      req_headers: ['X-A: b'],
    }
    const view = health.acquire({
      ...wantedOf(server.target),
      checks: checks(active as Partial<ActiveHealthCheck>),
      headers: ['Authorization: Bearer sk-secret'],
      query: 'q=1',
    })
    expect(view.isUsable(0)).toBe(true)
    const first = await until(() => server.seen[0])
    expect(first.body).toBe('{"a":1}')
    expect(first.request).toMatchObject({ method: 'POST', url: '/v1/chat?q=1' })
    expect(first.request.headers).toMatchObject({
      host: 'model.test',
      'x-a': 'b',
      'content-length': '7',
      authorization: 'Bearer sk-secret',
      connection: 'close',
    })

    const { version } = view
    server.state.status = 503
    await until(() => !view.isUsable(0))
    expect(view.anyUsable()).toBe(false)
    expect(view.version).not.toBe(version)
    server.state.status = 200
    await until(() => view.isUsable(0))
    await until(() => health.list()[0]?.nodes[0]?.status === 'healthy')
    const common = {
      event: 'instance_health',
      resource: '/apisix/routes/1',
      instance: 'gpt',
      target: `127.0.0.1:${server.port}`,
    }
    expect(alerts).toEqual([
      { ...common, healthy: false, reason: 'status 503' },
      { ...common, healthy: true, reason: 'status 200' },
    ])
    expect(JSON.stringify(health.list())).not.toContain('sk-secret')
  })

  test('judges silence and refusal', async () => {
    const silent = await model()
    silent.state.silent = true
    const { registry: health, alerts } = registry()
    const targets = [silent.target, { host: '127.0.0.1', port: 1, hostname: '' }]
    const view = health.acquire({ ...wantedOf(...targets), checks: checks({ timeout: 0.3 }) })
    await until(() => !view.anyUsable())
    expect(alerts.map(({ reason }) => reason).toSorted()).toEqual(['ECONNREFUSED', 'no answer within 300 ms'])
    const [listed] = health.list()
    expect(listed?.nodes.map(({ status }) => status)).toEqual(['unhealthy', 'unhealthy'])
    expect(listed?.nodes[1]).toMatchObject({ counter: { tcp_failure: 2 }, last_probe: { result: 'tcp' } })
  })

  test('probes no more targets at once than allowed', async () => {
    const server = await model()
    server.state.delayMs = 20
    const { registry: health } = registry()
    const targets = Array.from({ length: 6 }, (_, i) => ({ ...server.target, hostname: `m${i}.test` }))
    health.acquire({ ...wantedOf(...targets), checks: checks({ concurrency: 2, timeout: 5 }) })
    await until(() => server.seen.length >= 18)
    expect(server.state.mostInFlight).toBe(2)
  })

  test('leaves out a class that is not configured', async () => {
    const server = await model()
    server.state.status = 503
    const { registry: health } = registry()
    const { unhealthy: _, ...active } = checks({}, { failures: 1, successes: 1 }).active
    const view = health.acquire({ ...wantedOf(server.target), checks: { active } })
    // Five failures are the limit when `unhealthy` is absent; once unhealthy, nobody asks again.
    await until(() => !view.isUsable(0))
    const probes = server.seen.length
    server.state.status = 200
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.seen.length).toBe(probes)
    expect(view.isUsable(0)).toBe(false)
  })
})

describe('holders', () => {
  test('of one name share one checker; what survives a change keeps its state', async () => {
    const server = await model()
    const other = await model()
    server.state.status = 503
    const { registry: health } = registry()
    const first = health.acquire(wantedOf(server.target))
    await until(() => !first.isUsable(0))
    const second = health.acquire({
      ...wantedOf(other.target, server.target),
      checks: checks({ http_path: '/new' }),
    })
    expect([second.isUsable(0), second.isUsable(1), first.isUsable(0)]).toEqual([true, false, false])
    first.release()
    await until(() => other.seen.some(({ request }) => request.url === '/new'))
    expect(health.list()).toHaveLength(1)
  })

  test('that come back in time find the state; without any the checker ends', async () => {
    const server = await model()
    server.state.status = 503
    const { registry: health } = registry(60)
    const view = health.acquire(wantedOf(server.target))
    await until(() => !view.isUsable(0))
    view.release()
    view.release()
    const again = health.acquire(wantedOf(server.target))
    expect(again.isUsable(0)).toBe(false)
    again.release()
    await until(() => health.list().length === 0)
    const probes = server.seen.length
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(server.seen.length).toBe(probes)
    // A slot that was given back says nothing to those who still look.
    expect(view.isUsable(0)).toBe(true)
  })
})

describe('passive reports', () => {
  test('count with their own limits', () => {
    const { registry: health, alerts } = registry()
    const passive = {
      type: 'http',
      healthy: { http_statuses: [200], successes: 1 },
      unhealthy: { http_statuses: [500], http_failures: 2, tcp_failures: 1, timeouts: 0 },
    } as const
    const target = { host: '127.0.0.1', port: 1, hostname: '' }
    const quiet = activeCheck()
    const view = health.acquire({
      ...wantedOf(target),
      checks: { active: quiet, passive: passive as unknown as NonNullable<HealthCheck['passive']> },
    })
    view.report(0, 500)
    view.report(0, 'timeout')
    expect(view.isUsable(0)).toBe(true)
    view.report(0, 500)
    expect(view.isUsable(0)).toBe(false)
    view.report(0, 200)
    expect(view.isUsable(0)).toBe(true)
    view.report(0, 'tcp')
    expect(view.isUsable(0)).toBe(false)
    expect(alerts.map(({ healthy }) => healthy)).toEqual([false, true, false])
  })
})

describe('another thread', () => {
  test('reads the verdicts, reports, and lets go', async () => {
    const server = await model()
    const { registry: health } = registry(20)
    const { port1, port2 } = new MessageChannel()
    cleanups.push(() => port1.close())
    const stop = health.serve(port1)
    const client = createHealthClient(port2, health.shared)
    const view = client.acquire(wantedOf(server.target))
    expect([view.isUsable(0), view.anyUsable(), view.version]).toEqual([true, true, 0])
    await until(() => view.version > 0)
    server.state.status = 503
    await until(() => !view.isUsable(0))
    server.state.status = 200
    await until(() => view.isUsable(0))
    view.report(0, 'tcp')
    view.report(0, 'tcp')
    await until(() => !view.isUsable(0))
    view.release()
    await until(() => health.list().length === 0)
    client.acquire(wantedOf(server.target))
    await until(() => health.list().length === 1)
    stop()
    await until(() => health.list().length === 0)
  })
})
