// The books: whatever becomes of the requests, what their records say was charged is what the counters hold and what
// the metrics count.
import { createLocalCounters } from '@weir/counters'
import type { LedgerRecord } from '@weir/plugin-api'
import { createTestContext } from '@weir/plugin-api/harness'
import type { Scenario } from '@weir/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { call, createQuota, createWorld, hello, open, streamed, type World } from '../llm-world.testing.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

const world = worldOfFile()
const server = await serverOfFile('server')
const spare = await serverOfFile('spare')

const scenarios: Readonly<Record<string, Scenario | undefined>> = {
  fine: undefined,
  costly: { usage: { prompt: 70, completion: 30 } },
  error: { status: 500 },
  refused: { status: 400 },
  silent: { usage: false },
  cut: { cutAfterChunks: 2 },
}

const request = fc.record({
  scenario: fc.constantFrom(...Object.keys(scenarios)),
  stream: fc.boolean(),
  leaves: fc.boolean(),
})

test('the sum of the records is the sum of the counters is the sum of the metrics', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 8 }), async (requests) => {
      // The metrics of this run alone.
      const fresh = createWorld()
      const store = createLocalCounters()
      const quotas = [
        createQuota({ hi: 200, lo: 200 }, { store, level: 'consumer', prefix: 'consumer ' }),
        createQuota({ hi: 150, lo: 1000 }, { store }),
      ]
      const route = fresh.route(
        [
          { name: 'hi', priority: 1, override: { endpoint: server.url } },
          { name: 'lo', priority: 0, override: { endpoint: spare.url } },
        ],
        { fallback_strategy: ['rate_limiting', 'http_5xx'] },
      )
      const records: LedgerRecord[] = []
      for (const { scenario, stream, leaves } of requests) {
        server.setScenario(scenarios[scenario])
        const options = { request: { body: stream ? streamed : hello }, quotas }
        if (leaves) {
          const ctx = createTestContext(options)
          const answer = open(route, ctx)
          ctx.leave()
          await answer
          ctx.llm?.finish()
          if (ctx.llm) records.push(ctx.llm.ledger)
        } else {
          const { ctx } = await call(route, options)
          if (ctx.llm) records.push(ctx.llm.ledger)
        }
      }
      await fresh.origins.close()

      expect(records).toHaveLength(requests.length)
      const entries = records.flatMap(({ accounts }) => accounts)
      for (const account of ['hi', 'lo', 'consumer hi', 'consumer lo']) {
        const charged = sum(
          entries.filter((entry) => entry.account === account).map((entry) => entry.charged),
        )
        expect(store.read(account)?.used ?? 0).toBe(charged)
        expect(store.read(account)?.reserved ?? 0).toBe(0)
      }
      for (const level of ['consumer', 'instance'] as const) {
        const charged = sum(entries.filter((entry) => entry.level === level).map((entry) => entry.charged))
        expect(total(fresh, level)).toBe(charged)
      }
    }),
    { numRuns: 40 },
  )
})

test('a record says who paid what, and how the request ended', async () => {
  const route = world.route([{ name: 'hi', override: { endpoint: server.url } }])
  const quotas = [createQuota({ hi: 20 })]
  const send = async (scenario: string, body: object) => {
    server.setScenario(scenarios[scenario])
    return (await call(route, { request: { body }, quotas, consumer: 'ann', route: { id: 'r' } })).ctx.llm
      ?.ledger
  }
  const account = { account: 'hi', level: 'instance', window: 60 }
  const same = { consumer: 'ann', route: 'r', instance: 'hi', attempts: 1 }
  expect(await send('fine', hello)).toEqual({
    ...same,
    id: expect.stringMatching(/^[\da-f]{32}$/) as string,
    source: 'reported',
    reason: 'answered',
    accounts: [{ ...account, reserved: 1, charged: 15 }],
  })
  expect(await send('error', hello)).toMatchObject({
    source: 'none',
    reason: 'rejected',
    accounts: [{ ...account, reserved: 1, charged: 0 }],
  })
  expect(await send('fine', streamed)).toMatchObject({ reason: 'streamed', accounts: [{ charged: 15 }] })
  expect(await send('fine', hello)).toMatchObject({
    attempts: 0,
    reason: 'refused',
    accounts: [{ ...account, reserved: 0, charged: 0 }],
  })
})

test('what is estimated of a stream that broke off is never more than it reserved', async () => {
  const route = world.route([{ name: 'hi', override: { endpoint: server.url } }])
  const store = createLocalCounters()
  const quota = createQuota(
    {},
    {
      store,
      asks: (_ctx, key, { promptTokens, completionTokens }) => [
        {
          store,
          key,
          limit: 1000,
          windowSeconds: 60,
          admission: 'fits',
          amount: promptTokens + completionTokens,
          cost: ({ totalTokens }) => totalTokens,
        },
      ],
    },
  )
  server.setScenario({ words: Array.from({ length: 10 }, () => ' longwords'), cutAfterChunks: 8 })
  const { ctx } = await call(route, { request: { body: { ...streamed, max_tokens: 3 } }, quotas: [quota] })
  expect(ctx.llm?.ledger).toMatchObject({ reason: 'stream_broken', source: 'estimated' })
  const [entry] = ctx.llm!.ledger.accounts
  expect(entry!.charged).toBe(entry!.reserved)
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

function total({ host }: World, level: string): number {
  const ours = [...host.metrics.values].filter(
    ([name]) => name.startsWith('llm_quota_charged_total{') && name.includes(`level="${level}"`),
  )
  return sum(ours.map(([, value]) => value))
}
