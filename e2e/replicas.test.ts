// The topology of docker/compose.yaml as plain processes: etcd, Redis, a control plane, and two data planes with two
// workers each behind one address. Quotas hold over all of them, and a data plane may end in any way.
import {
  type LlmServer,
  RawExchange,
  type RawResponse,
  rawRequest,
  startLlmServer,
  until,
} from '@weir/testkit'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Balancer, startBalancer } from './world/balancer.ts'
import { accessLines } from './world/calls.ts'
import { instance } from './world/instance.ts'
import { counterPolicy, startReplicas, type Topology } from './world/topology.ts'
import { startWebhook, type Webhook } from './world/webhook.ts'
import { startWeir, type Weir } from './world/weir.ts'

/** What each call may cost, and costs when it is answered whole. */
const COST = 10
/** A reservation lives for twice the route's `timeout` and its `max_stream_duration_ms`. */
const STREAM_MS = 8000

let topology: Topology
let balancer: Balancer
let webhook: Webhook
let model: LlmServer
let spare: LlmServer
/** Data planes that were started later. */
const extra: Weir[] = []

beforeAll(async () => {
  webhook = await startWebhook()
  topology = await startReplicas({ workers: 2, weir: { alerts: { webhook: webhook.url } } })
  balancer = await startBalancer(() => topology.planes.map(({ proxyPort }) => proxyPort))
  model = await startLlmServer({
    name: 'model',
    script: ({ body, json }) => ({
      usage: { prompt: 7, completion: (json as { max_tokens: number }).max_tokens },
      ...(body.includes('slowly') && { gapMs: 50, words: words(40) }),
      ...(body.includes('for ever') && { gapMs: 50, words: words(10_000) }),
    }),
  })
  spare = await startLlmServer({ name: 'spare' })
  await topology.control.put('routes/chat', {
    uri: '/chat',
    plugins: {
      'key-auth': {},
      'ai-proxy-multi': {
        timeout: 2000,
        max_stream_duration_ms: STREAM_MS,
        instances: [instance('model', model)],
      },
    },
  })
  await topology.control.put('routes/fallback', {
    uri: '/fallback',
    plugins: {
      'ai-proxy-multi': {
        instances: [
          { ...instance('model', model, 2), checks: checksEverySecond },
          instance('spare', spare, 1),
        ],
      },
    },
  })
})
afterEach(async () => {
  await Promise.all(extra.splice(0).map((plane) => plane.stop()))
})
afterAll(async () => {
  await Promise.all([balancer.stop(), topology.stop()])
  await Promise.all([model.close(), spare.close()])
  webhook.close()
})

function words(count: number): string[] {
  return Array.from({ length: count }, (_, i) => ` word${i}`)
}

const checksEverySecond = {
  active: {
    type: 'http',
    http_method: 'POST',
    http_path: '/v1/chat/completions',
    http_req_body: '{"model":"m","messages":[{"role":"user","content":"0"}],"max_tokens":1}',
    healthy: { interval: 1, successes: 1 },
    unhealthy: { interval: 1, http_failures: 1 },
  },
}

/** A consumer that may make so many calls, once every data plane knows it. */
async function addConsumer(name: string, calls: number, ...planes: readonly Weir[]): Promise<void> {
  await topology.control.put('consumers', {
    username: name,
    plugins: {
      'key-auth': { key: `key-of-${name}` },
      'ai-consumer-rate-limiting': {
        instances: [
          { name: 'model', limit: calls * COST, time_window: 3600, limit_strategy: 'completion_tokens' },
        ],
        ...counterPolicy(topology),
      },
    },
  })
  for (const { proxyPort } of [...topology.planes, ...planes]) {
    // Without a body it is refused after authentication, and costs nothing.
    const ask = () => rawRequest({ ...chatOf(proxyPort, name), body: '' })
    await until(async () => ![401, 404].includes((await ask()).status), { what: `consumer ${name}` })
  }
}

function chatOf(port: number, consumer: string, content = 'hi', stream = false) {
  return {
    port,
    path: '/chat',
    headers: { 'Content-Type': 'application/json', apikey: `key-of-${consumer}` },
    body: JSON.stringify({ messages: [{ role: 'user', content }], max_tokens: COST, stream }),
  }
}

/** What the consumer has left, as a call through this data plane is told before it is charged. */
async function remaining({ proxyPort }: Weir, consumer: string): Promise<number> {
  const response = await rawRequest(chatOf(proxyPort, consumer))
  return Number(response.header('x-ai-consumer-ratelimit-remaining-model'))
}

async function addPlane(drainTimeout?: number): Promise<Weir> {
  const plane = await startWeir({
    role: 'data-plane',
    etcd: topology.etcd,
    workers: 2,
    weir: drainTimeout === undefined ? {} : { drain_timeout: drainTimeout },
  })
  extra.push(plane)
  return plane
}

/** Streams through one data plane, begun but not over. */
async function startStreams(count: number, plane: Weir, consumer: string, content: string) {
  const request = chatOf(plane.proxyPort, consumer, content, true)
  const streams = Array.from({ length: count }, () => new RawExchange(request))
  for (const stream of streams) {
    await until(() => stream.text.includes('word1'), { what: 'the begin of a stream' })
  }
  return streams
}

const isWhole = ({ ended, text }: RawResponse) => ended === 'complete' && text.endsWith('data: [DONE]\n\n')

test('of 200 simultaneous calls exactly as many pass as the quota has room for', async () => {
  await addConsumer('crowd', 60)
  const before = model.requestCount
  const calls = Array.from({ length: 200 }, () => rawRequest(chatOf(balancer.port, 'crowd')))
  const statuses = (await Promise.all(calls)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(60)
  expect(statuses.filter((status) => status === 429)).toHaveLength(140)
  expect(model.requestCount - before).toBe(60)
  expect((await rawRequest(chatOf(balancer.port, 'crowd'))).status).toBe(429)
})

test('a data plane killed: the other’s callers notice nothing, and what it held is free again in time', async () => {
  const survivor = topology.planes[0]!
  const victim = await addPlane()
  const crowd = await startBalancer(() => [victim.proxyPort, survivor.proxyPort])
  await addConsumer('struck', 4, victim)
  const lost = await startStreams(2, victim, 'struck', 'for ever')
  const kept = await startStreams(2, survivor, 'struck', 'slowly')
  expect((await rawRequest(chatOf(crowd.port, 'struck'))).status).toBe(429)

  victim.process.signal('SIGKILL')
  for (const { done } of lost) expect(isWhole(await done)).toBe(false)
  for (const { done } of kept) expect(isWhole(await done)).toBe(true)
  await addConsumer('other', 100)
  for (let count = 0; count < 10; count++) {
    expect((await rawRequest(chatOf(crowd.port, 'other'))).status).toBe(200)
  }
  // Nobody can tell what the lost calls cost: the reservations stand until they expire, then they cost nothing.
  const call = async () => (await rawRequest(chatOf(crowd.port, 'struck'))).status
  for (const _ of lost) {
    await until(async () => (await call()) === 200, { timeoutMs: 30_000, what: 'the end of a lease' })
  }
  expect(await call()).toBe(429)
  await crowd.stop()
})

test('told to end, a data plane takes nothing new, lets streams finish, and charges them', async () => {
  const plane = await addPlane()
  await addConsumer('patient', 100, plane)
  const streams = await startStreams(4, plane, 'patient', 'slowly')
  plane.process.signal('SIGTERM')
  await until(async () => (await rawRequest({ port: plane.proxyPort })).error === 'ECONNREFUSED')
  expect(streams.some(({ text }) => text.includes('[DONE]'))).toBe(false)
  for (const { done } of streams) expect(isWhole(await done)).toBe(true)
  expect((await plane.process.exited).code).toBe(0)
  expect(plane.process.stderr).not.toContain('requests were cut')
  expect(await remaining(topology.planes[0]!, 'patient')).toBe((100 - 4) * COST)
})

test('a stream that outlasts the drain is cut for its client to see, and what it gave is charged', async () => {
  const plane = await addPlane(0.5)
  await addConsumer('endless', 100, plane)
  const streams = await startStreams(4, plane, 'endless', 'for ever')
  const before = (await accessLines(plane.accessLog, 1)).length
  plane.process.signal('SIGTERM')
  for (const { done } of streams) {
    const { status, ended, text } = await done
    expect({ status, ended }).toEqual({ status: 200, ended: 'cut' })
    expect(text).not.toContain('[DONE]')
  }
  expect((await plane.process.exited).code).toBe(0)
  expect(plane.process.stderr).toContain('requests were cut at the end')
  const lines = (await accessLines(plane.accessLog, before + 4)).slice(before)
  const used = lines.map((line) => Number(line['llm_completion_tokens']))
  expect(used.every((tokens) => tokens > 0)).toBe(true)
  const sum = used.reduce((total, tokens) => total + tokens, 0)
  expect(await remaining(topology.planes[0]!, 'endless')).toBe(100 * COST - sum)
})

/** Calls on connections of their own, so that every worker gets some. */
async function whoAnswers(): Promise<readonly (string | undefined)[]> {
  const calls = Array.from({ length: 40 }, () =>
    rawRequest({
      port: balancer.port,
      path: '/fallback',
      headers: { 'Content-Type': 'application/json' },
      body: '{"messages":[{"role":"user","content":"hi"}],"max_tokens":1}',
    }),
  )
  return (await Promise.all(calls)).map(({ text }) => /from mock (\w+)/.exec(text)?.[1])
}

async function untilAnswers(name: string): Promise<void> {
  await until(async () => (await whoAnswers()).every((answer) => answer === name), {
    what: `answers of ${name} only`,
  })
}

test('a switch is one alert for each data plane, however many workers and calls see it', async () => {
  await untilAnswers('model')
  for (let round = 1; round <= 2; round++) {
    model.setHealthy(false)
    await untilAnswers('spare')
    model.setHealthy(true)
    await untilAnswers('model')
    const count = (event: string) => webhook.events.filter((one) => one['event'] === event).length
    await until(() => count('return') >= 2 * round && count('instance_health') >= 4 * round, {
      what: 'the alerts',
    })
    expect({
      fallback: count('fallback'),
      return: count('return'),
      instance_health: count('instance_health'),
    }).toEqual({ fallback: 2 * round, return: 2 * round, instance_health: 4 * round })
  }
})
