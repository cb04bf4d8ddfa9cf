// Quotas in a storm: a crowd of calls at once, some of which are left, cut or lost, on two data planes that count in
// one Redis.
import { type LlmServer, startLlmServer, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessLines, chat } from './world/calls.ts'
import { instance } from './world/instance.ts'
import {
  checkThenCharge,
  storm,
  stormCalls,
  type StormOutcome,
  TOKENS,
  tokensFrom,
  wordsOf,
} from './world/storm.ts'
import { counterPolicy, startReplicas, type Topology } from './world/topology.ts'
import type { Weir } from './world/weir.ts'

const CALLS = 1_000
const consumers = ['ann', 'bob', 'cyd'] as const
/** By the letter that their words begin with. */
const instances = { a: 'first', b: 'second' } as const
/** Each has two thirds of what its calls would cost, and the instances less than all of them together. */
const CONSUMER_LIMIT = Math.floor(((CALLS / consumers.length / 2) * TOKENS * 2) / 3)
const INSTANCE_LIMIT = Math.floor(CONSUMER_LIMIT * 2.5)

let topology: Topology
const models: LlmServer[] = []

beforeAll(async () => {
  // What Redis has acknowledged survives its end.
  topology = await startReplicas({ workers: 2 }, { args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  for (const letter of Object.keys(instances)) {
    models.push(
      await startLlmServer({
        script: ({ body, json }) => ({
          usage: { prompt: 7, completion: (json as { max_tokens: number }).max_tokens },
          words: wordsOf(letter),
          gapMs: 10,
          ...(body.includes('"cut"') && { cutAfterChunks: 5 }),
        }),
      }),
    )
  }
  const [first, second] = models as [LlmServer, LlmServer]
  const counted = { limit_strategy: 'completion_tokens', ...counterPolicy(topology) }
  await topology.control.put('routes/storm', {
    uri: '/storm',
    plugins: {
      'key-auth': {},
      prometheus: {},
      'ai-proxy-multi': { instances: [instance('first', first), instance('second', second)] },
      'ai-rate-limiting': {
        instances: Object.values(instances).map((name) => ({
          name,
          limit: INSTANCE_LIMIT,
          time_window: 3600,
        })),
        admission: 'fits',
        rejected_code: 429,
        ...counted,
      },
    },
  })
  for (const username of consumers) {
    const { limit_strategy, ...policy } = counted
    await topology.control.put('consumers', {
      username,
      plugins: {
        'key-auth': { key: `key-of-${username}` },
        'ai-consumer-rate-limiting': {
          instances: Object.values(instances).map((name) => ({
            name,
            limit: CONSUMER_LIMIT,
            time_window: 3600,
            limit_strategy,
          })),
          ...policy,
        },
      },
    })
  }
  for (const plane of topology.planes) {
    for (const username of consumers)
      await until(() => knows(plane, username), { what: `${username} to be known` })
  }
}, 120_000)
afterAll(async () => {
  await topology.stop()
  await Promise.all(models.map((model) => model.close()))
})

/** A request without a body is refused after authentication, so it costs nothing. */
async function knows({ proxyUrl }: Weir, username: string): Promise<boolean> {
  const headers = { apikey: `key-of-${username}` }
  return ![401, 404].includes((await fetch(`${proxyUrl}/storm`, { method: 'POST', headers })).status)
}

interface Quota {
  readonly plugin: string
  readonly consumer?: string
  readonly instance: string
  readonly limit: number
  readonly used: number
  readonly reserved: number
  readonly key: string
}

async function quotas({ controlPort }: Weir): Promise<readonly Quota[]> {
  const response = await fetch(`http://127.0.0.1:${controlPort}/v1/quotas`)
  if (response.status !== 200) throw new Error(`the quotas cannot be read: ${response.status}`)
  const { quotas: shown } = (await response.json()) as { quotas: Quota[] }
  return shown
}

/** The tokens that callers were given beyond any limit. Prints what they would have been given otherwise. */
function overshoot(what: string, outcomes: readonly StormOutcome[]): number {
  let beyond = 0
  let naive = 0
  for (const [letter, name] of Object.entries(instances)) {
    const given = (of: readonly StormOutcome[]) => of.reduce((all, one) => all + tokensFrom(letter, one), 0)
    beyond += Math.max(0, given(outcomes) - INSTANCE_LIMIT)
    for (const consumer of consumers) {
      const own = outcomes.filter((outcome) => outcome.consumer === consumer)
      beyond += Math.max(0, given(own) - CONSUMER_LIMIT)
      // The balancer spreads them evenly.
      const here = own.filter((_, i) => (i % 2 === 0) === (name === 'first'))
      naive += Math.max(0, checkThenCharge(here, CONSUMER_LIMIT) - CONSUMER_LIMIT)
    }
  }
  const statuses = Object.groupBy(outcomes, ({ response }) => String(response.status))
  const counts = Object.entries(statuses).map(([status, group]) => `${group?.length}x ${status}`)
  process.stdout.write(
    `${what}: ${outcomes.length} calls (${counts.join(', ')}); tokens beyond the limits: ${beyond}; ` +
      `with check-then-charge: ${naive}\n`,
  )
  return beyond
}

test('calls that are left or cut: nothing beyond the limits, and the books agree', async () => {
  const ports = topology.planes.map(({ proxyPort }) => proxyPort)
  const outcomes = await storm(stormCalls(CALLS, consumers), ports)
  expect(overshoot('a crowd', outcomes)).toBe(0)
  expect(outcomes.every(({ response }) => [200, 429].includes(response.status))).toBe(true)
  expect(outcomes.some(({ response }) => response.status === 429)).toBe(true)
  for (const { response } of outcomes.filter((one) => one.response.status === 429)) {
    expect(response.header('retry-after')).toMatch(/^\d+$/)
  }

  let shown: readonly Quota[] = []
  await until(
    async () => {
      shown = await quotas(topology.planes[0]!)
      return shown.every(({ reserved }) => reserved === 0)
    },
    { what: 'everything to be settled' },
  )
  expect(shown).toHaveLength(consumers.length * 2 + 2)
  for (const { used, limit } of shown) expect(used).toBeLessThanOrEqual(limit)
  // Both planes tell the same.
  const elsewhere = await quotas(topology.control)
  const usedOf = (list: readonly Quota[]) => Object.fromEntries(list.map(({ key, used }) => [key, used]))
  expect(usedOf(elsewhere)).toEqual(usedOf(shown))
  await expectBooksToAgree(outcomes.length, shown)
})

interface Entry {
  readonly account: string
  readonly level: string
  readonly charged: number
}

/** The sum of the records is the sum of the counters is the sum of the metrics. */
async function expectBooksToAgree(calls: number, shown: readonly Quota[]): Promise<void> {
  let entries: readonly Entry[] = []
  await until(
    async () => {
      const lines = await Promise.all(topology.planes.map(({ accessLog }) => accessLines(accessLog, 1)))
      const storms = lines.flat().filter((line) => line['llm_end_reason'] !== undefined)
      entries = storms.flatMap((line) => (line['llm_quota'] ?? []) as readonly Entry[])
      return storms.length >= calls
    },
    { what: 'the access log' },
  )
  for (const { key, used } of shown) {
    expect(sum(entries.filter(({ account }) => account === key).map(({ charged }) => charged))).toBe(used)
  }
  const pages = await Promise.all(topology.planes.map((plane) => plane.metrics()))
  for (const level of ['consumer', 'instance']) {
    const counted = pages.flatMap((page) =>
      page
        .split('\n')
        .filter((line) => line.includes('llm_quota_charged_total{') && line.includes(`level="${level}"`))
        .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1))),
    )
    expect(sum(counted)).toBe(
      sum(entries.filter((entry) => entry.level === level).map(({ charged }) => charged)),
    )
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

test('a data plane killed and Redis restarted in the middle: nothing beyond the limits', async () => {
  const [survivor, victim] = topology.planes as [Weir, Weir]
  for (const consumer of consumers) {
    const url = `http://127.0.0.1:${survivor.controlPort}/v1/quotas?consumer=${consumer}`
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(200)
  }
  for (const name of Object.values(instances)) {
    const url = `http://127.0.0.1:${survivor.controlPort}/v1/quotas?instance=${name}`
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(200)
  }
  let accidents: Promise<unknown> = Promise.resolve()
  const calls = stormCalls(CALLS, consumers)
  const outcomes = await storm(calls, [survivor.proxyPort, victim.proxyPort], (answered) => {
    if (answered === Math.floor(CALLS / 20)) victim.process.signal('SIGKILL')
    if (answered === Math.floor(CALLS / 10)) accidents = topology.redis!.restart()
  })
  await accidents
  // Until it counts again.
  const more: StormOutcome[] = []
  await until(
    async () => {
      const call = { consumer: 'ann', stream: false, fate: 'stay' } as const
      const [outcome] = await storm([call], [survivor.proxyPort])
      more.push(outcome!)
      return [200, 429].includes(outcome!.response.status)
    },
    { what: 'Redis to be used again', timeoutMs: 30_000 },
  )
  more.push(...(await storm(stormCalls(CALLS, consumers), [survivor.proxyPort])))
  expect(overshoot('a data plane killed, Redis restarted', [...outcomes, ...more])).toBe(0)
  for (const { used, reserved, limit } of await quotas(survivor)) {
    expect(used + reserved).toBeLessThanOrEqual(limit)
  }
  const answer = await chat(`${survivor.proxyUrl}/storm`, 'x', {
    headers: { apikey: 'key-of-ann' },
    body: { max_tokens: 1e9 },
  })
  expect(answer.status).toBe(429)
}, 180_000)
