// limit-count, limit-req and limit-conn over the workers of a node and over nodes that share a Redis.
import { type LlmServer, RawExchange, rawRequest, startLlmServer, until } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilRouted } from './world/calls.ts'
import { counterPolicy, startEmbedded, startReplicas, type Topology } from './world/topology.ts'

describe.each([
  ['two workers', () => startEmbedded({ workers: 2 })],
  ['two nodes with Redis', () => startReplicas({ workers: 2 })],
])('%s', (_, start) => {
  let topology: Topology
  let model: LlmServer

  beforeAll(async () => {
    topology = await start()
    model = await startLlmServer({ script: ({ body }) => (body.includes('slow') ? { gapMs: 50 } : {}) })
    const policy = counterPolicy(topology)
    const limits = {
      count: { 'limit-count': { count: 5, time_window: 3600, rejected_code: 429, ...policy } },
      sliding: {
        'limit-count': {
          count: 5,
          time_window: 86_400,
          window_type: 'sliding',
          rejected_code: 429,
          ...policy,
        },
      },
      // Nothing leaks away during a test.
      req: {
        'limit-req': {
          rate: 1e-4,
          burst: 4,
          nodelay: true,
          key: 'remote_addr',
          rejected_code: 429,
          ...policy,
        },
      },
      conn: {
        'limit-conn': {
          conn: 5,
          burst: 0,
          default_conn_delay: 0.1,
          key: 'remote_addr',
          rejected_code: 429,
          ...policy,
        },
      },
    }
    for (const [name, plugins] of Object.entries(limits)) {
      await topology.control.put(`routes/${name}`, {
        uri: `/${name}`,
        plugins: {
          'ai-proxy': { provider: 'openai-compatible', auth: {}, override: { endpoint: model.url } },
          // Requests that only find out whether the route is there do not count.
          [Object.keys(plugins)[0]!]: {
            ...Object.values(plugins)[0],
            _meta: { filter: [['http_x_real', '==', '1']] },
          },
        },
      })
    }
    for (const { proxyUrl } of topology.planes) {
      for (const name of Object.keys(limits)) await untilRouted(`${proxyUrl}/${name}`)
    }
  })
  afterAll(async () => {
    await topology.stop()
    await model.close()
  })

  const chat = (path: string, i: number, content = 'hi', stream = false) => ({
    port: topology.planes[i % topology.planes.length]!.proxyPort,
    path,
    headers: { 'Content-Type': 'application/json', 'X-Real': '1' },
    body: JSON.stringify({ messages: [{ role: 'user', content }], stream }),
  })

  test.each(['/count', '/sliding', '/req'])('of 20 at once 5 pass: %s', async (path) => {
    const calls = Array.from({ length: 20 }, (__, i) => rawRequest(chat(path, i)))
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(15)
  })

  test('what counters say is told and given back by the control API of any node', async () => {
    const { controlPort } = topology.planes.at(-1)!
    const url = `http://127.0.0.1:${controlPort}/v1/quotas?resource=/apisix/routes/count`
    const asked = (await (await fetch(url)).json()) as { quotas: object[] }
    expect(asked.quotas).toMatchObject([
      { plugin: 'limit-count', value: '127.0.0.1', limit: 5, used: 20, remaining: 0 },
    ])
    const reset = await fetch(`${url}&value=127.0.0.1`, { method: 'DELETE' })
    expect(await reset.json()).toEqual({ reset: 1 })
    expect((await rawRequest(chat('/count', 0))).status).toBe(200)
  })

  test('as many streams at a time as there is room for, and again when they are over', async () => {
    const streams = Array.from({ length: 12 }, (__, i) => new RawExchange(chat('/conn', i, 'slow', true)))
    const statuses = (await Promise.all(streams.map(({ done }) => done))).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(7)
    await until(async () => {
      const again = Array.from({ length: 5 }, (__, i) => rawRequest(chat('/conn', i)))
      return (await Promise.all(again)).every(({ status }) => status === 200)
    })
  })
})
