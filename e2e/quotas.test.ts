// Scenario 2 of the mission: token quotas per consumer and per model, on one node and across replicas.
import { type LlmServer, startLlmServer, until } from '@weir/testkit'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chat, untilRouted } from './world/calls.ts'
import { extend, missionDocument } from './world/mission.ts'
import { counterPolicy, startEmbedded, startReplicas, type Topology } from './world/topology.ts'

const rejection = { error_msg: 'Insufficient token, try in one hour.' }

const key = (consumer: string) => ({ apikey: `consumer_${consumer}_key` })

/** A request without a body is refused after authentication, so it costs nothing. */
async function untilKnown(proxyUrl: string, consumer: string): Promise<void> {
  await until(
    async () =>
      (await fetch(`${proxyUrl}/anything`, { method: 'POST', headers: key(consumer) })).status !== 401,
    { what: `consumer ${consumer} at ${proxyUrl}` },
  )
}

describe.each([
  ['the embedded store', startEmbedded],
  ['etcd, two data planes and Redis', startReplicas],
])('on %s', (_, start) => {
  let topology: Topology
  let cloud: LlmServer
  let selfHosted: LlmServer

  beforeAll(async () => {
    topology = await start()
    cloud = await startLlmServer({ name: 'cloud' })
    // The number in the prompt is what the answer costs.
    selfHosted = await startLlmServer({
      name: 'self-hosted',
      script: ({ body }) => {
        const tokens = Number(/"cost (\d+)"/.exec(body)?.[1] ?? 15)
        return { usage: { prompt: 10, completion: tokens - 10 } }
      },
    })
    const route = await missionDocument('quotas.route', {
      'https://dashscope.aliyuncs.com': cloud.url,
      '{CUSTOM_HOST_1}:{CUSTOM_PORT_1}': `127.0.0.1:${selfHosted.port}`,
      '{NLB_API_KEY}': 'provider-key',
    })
    await topology.control.put('routes', extend(route, 'plugins/ai-rate-limiting', counterPolicy(topology)))
    for (const [name, limit] of Object.entries({ a: 10_000, b: 20_000, c: 5000, d: 1_000_000 })) {
      const consumer = await missionDocument('quotas.consumer-a', {
        consumer_a: `consumer_${name}`,
        '"limit": 10000': `"limit": ${limit}`,
      })
      const counted = extend(consumer, 'plugins/ai-consumer-rate-limiting', counterPolicy(topology))
      await topology.control.put('consumers', counted)
    }
    for (const plane of topology.planes) await untilRouted(`${plane.proxyUrl}/anything`)
    for (const plane of topology.planes) {
      for (const name of ['a', 'b', 'c', 'd']) await untilKnown(plane.proxyUrl, name)
    }
  })
  afterAll(async () => {
    await topology.stop()
    await Promise.all([cloud.close(), selfHosted.close()])
  })

  function call(consumer: string, tokens: number): Promise<Response> {
    return chat(topology.next('/anything'), `cost ${tokens}`, {
      headers: key(consumer),
      body: { max_tokens: tokens - 10 },
    })
  }

  test('the case study: 150 and 320 tokens pass, 800 exceed the consumer’s own quota', async () => {
    const used = { a: 8500, b: 15_200, c: 4600, d: 49_300 - 8500 - 15_200 - 4600 }
    for (const [consumer, tokens] of Object.entries(used))
      expect((await call(consumer, tokens)).status).toBe(200)
    const before = selfHosted.requestCount

    const [a, b, c] = await Promise.all([call('a', 150), call('b', 320), call('c', 800)])
    expect([a.status, b.status, c.status]).toEqual([200, 200, 429])
    expect(await c.json()).toEqual(rejection)
    expect(c.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(selfHosted.requestCount - before).toBe(2)

    // What was refused left no trace: 400 tokens are still there for C, and 230 of the model's.
    const probe = await call('c', 100)
    expect(probe.status).toBe(200)
    const remaining = probe.headers.get('x-ai-consumer-ratelimit-remaining-qwen2.5-32b-instruct-b')
    expect(remaining).toBe('400')
    expect(probe.headers.get('x-ai-ratelimit-remaining-qwen2.5-32b-instruct-b')).toBe('230')
  })

  test('an exhausted model quota refuses consumers that still have their own', async () => {
    expect((await call('d', 130)).status).toBe(200)
    const refused = await call('b', 20)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-ai-ratelimit-remaining-qwen2.5-32b-instruct-b')).toBe('0')
  })

  test('a credential may have a quota of its own', async () => {
    const quota = { limit: 40, time_window: 3600, ...counterPolicy(topology) }
    await topology.control.put('consumers', { username: 'consumer_e' })
    await topology.control.put('consumers/consumer_e/credentials/app', {
      plugins: { 'key-auth': { key: 'consumer_e_key' }, 'ai-consumer-rate-limiting': quota },
    })
    await topology.control.put('consumers/consumer_e/credentials/other', {
      plugins: { 'key-auth': { key: 'consumer_f_key' } },
    })
    for (const plane of topology.planes) for (const name of ['e', 'f']) await untilKnown(plane.proxyUrl, name)
    const first = await call('e', 50)
    expect(first.status).toBe(429)
    expect(first.headers.get('x-ai-consumer-ratelimit-remaining')).toBe('40')
    // Whoever comes with another one is not metered.
    expect((await call('f', 50)).headers.get('x-ai-consumer-ratelimit-remaining')).toBeNull()
  })

  test('the official OpenAI client sees a rate limit as one', async () => {
    const client = new OpenAI({
      baseURL: topology.next(''),
      apiKey: 'unused',
      defaultHeaders: key('c'),
      maxRetries: 0,
    })
    const refused = client.post('/anything', {
      body: { messages: [{ role: 'user', content: 'x' }], max_tokens: 5000 },
    })
    await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError)
  })

  test('without a key nothing is called', async () => {
    const before = selfHosted.requestCount
    const response = await chat(topology.next('/anything'), 'hi')
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ message: 'Missing API key in request' })
    expect(selfHosted.requestCount).toBe(before)
  })
})
