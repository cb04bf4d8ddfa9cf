import { type RequestCounters, CounterUnavailableError } from '@weir/counters'
import type { PluginInstance, RequestSummary } from '@weir/plugin-api'
import {
  complaintAbout,
  createInstance,
  createTestContext,
  createTestHost,
  type TestContext,
} from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTestStores } from '../token-quota/quota-harness.ts'
import { limitConn } from './plugin.ts'

const delay = { default_conn_delay: 0.05, key: 'remote_addr' }

function setUp(config: object) {
  const counters = createTestStores()
  const instance = createInstance(limitConn, config, createTestHost({ counters }))
  return { counters, instance, enter: (headers?: Record<string, string>) => enter(instance, headers) }
}

async function enter(instance: PluginInstance, headers: Record<string, string> = {}) {
  const ctx = createTestContext({ request: { headers } })
  const started = performance.now()
  const reply = await instance.access?.(ctx)
  return { ctx, reply, ms: performance.now() - started, leave: () => leave(instance, ctx) }
}

type Times = Pick<RequestSummary, 'durationMs' | 'upstreamMs'>

function leave(
  instance: PluginInstance,
  ctx: TestContext,
  times: Times = { durationMs: 50, upstreamMs: 50 },
): void {
  const summary: RequestSummary = {
    status: 200,
    source: 'upstream',
    requestBytes: 0,
    responseBytes: 0,
    ...times,
    outcome: 'complete',
  }
  instance.log?.(ctx, summary)
}

test('so many pass at once, some are held back, the rest is refused, and who leaves makes room', async () => {
  const { enter: next } = setUp({ ...delay, conn: 1, burst: 1, rejected_code: 429 })
  const first = await next()
  const second = await next()
  expect([first.reply, second.reply]).toEqual([undefined, undefined])
  expect(second.ms).toBeGreaterThan(40)
  const third = await next()
  expect(third.reply).toEqual({ status: 429 })
  // It never was in.
  third.leave()
  expect((await next()).reply?.status).toBe(429)
  first.leave()
  expect((await next()).reply).toBeUndefined()
})

test('never more are in than conn and burst, in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 60 }), async (steps) => {
      const { enter: next } = setUp({
        ...delay,
        default_conn_delay: 1e-6,
        only_use_default_delay: true,
        conn: 2,
        burst: 1,
      })
      const inside: { leave(): void }[] = []
      for (const step of steps) {
        if (step < 5) {
          const entered = await next()
          expect(entered.reply === undefined).toBe(inside.length < 3)
          if (!entered.reply) inside.push(entered)
        } else inside.splice(step % Math.max(1, inside.length), 1)[0]?.leave()
      }
    }),
    { numRuns: 30 },
  )
})

test('the delay follows what requests last, unless it is fixed', async () => {
  for (const isFixed of [false, true]) {
    const { instance, enter: next } = setUp({ ...delay, conn: 1, burst: 5, only_use_default_delay: isFixed })
    const first = await next()
    leave(instance, first.ctx, { durationMs: 2050, upstreamMs: 2050 })
    await next()
    const held = await next()
    // (50 + 2050) / 2
    if (isFixed) expect(held.ms).toBeLessThan(1000)
    else expect(held.ms).toBeGreaterThan(1000)
  }
})

/** How long a request is held back behind one that was held back for 800 ms and took no time of its own. */
async function heldBehindHeld(): Promise<number> {
  const { instance, enter: next } = setUp({ ...delay, default_conn_delay: 0.8, conn: 1, burst: 5 })
  await next()
  const held = await next()
  expect(held.ms).toBeGreaterThan(780)
  leave(instance, held.ctx, { durationMs: 800, upstreamMs: undefined })
  return (await next()).ms
}

test('for how long it was held back is no part of what a request lasts', async () => {
  // (800 + 0) / 2, and not (800 + 800) / 2; a busy machine may hold it up for as long.
  await until(async () => (await heldBehindHeld()) < 780, { timeoutMs: 30_000 })
})

describe('rules', () => {
  const rules = [
    { conn: 1, burst: 0, key: '$http_who' },
    { conn: '${http_most ?? 2}', burst: 0, key: '$http_app' },
  ]

  test('all that apply must have room', async () => {
    const { enter: next } = setUp({ default_conn_delay: 0.01, rules })
    expect((await next({ who: 'a', app: 'x' })).reply).toBeUndefined()
    expect((await next({ who: 'a', app: 'x' })).reply?.status).toBe(503)
    expect((await next({ who: 'b', app: 'x' })).reply).toBeUndefined()
    expect((await next({ who: 'c', app: 'x' })).reply?.status).toBe(503)
    expect((await next({ who: 'd', app: 'x', most: '3' })).reply).toBeUndefined()
  })

  test('each holds back for itself', async () => {
    const two = ['$http_who', '$http_app'].map((key) => ({ conn: 1, burst: 1, key }))
    const { enter: next } = setUp({ default_conn_delay: 0.1, rules: two })
    await next({ who: 'a', app: 'x' })
    expect((await next({ who: 'a', app: 'x' })).ms).toBeGreaterThan(180)
  })

  test('none that applies is an error', async () => {
    expect((await setUp({ default_conn_delay: 0.01, rules }).enter()).reply).toEqual({ status: 500 })
    const lenient = setUp({ default_conn_delay: 0.01, rules, allow_degradation: true })
    expect((await lenient.enter()).reply).toBeUndefined()
  })
})

const away: RequestCounters['enter'] = () => Promise.reject(new CounterUnavailableError('away'))

test.each([
  [false, { status: 500 }],
  [true, undefined],
])('counters that are away, allow_degradation %s', async (allow_degradation, reply) => {
  const stores = createTestStores()
  const counters = { ...stores, requests: () => ({ ...stores.requests({ policy: 'local' }), enter: away }) }
  const config = { ...delay, conn: 1, burst: 1, allow_degradation }
  const instance = createInstance(limitConn, config, createTestHost({ counters }))
  expect(await instance.access?.(createTestContext())).toEqual(reply)
})

test.each([
  [{ conn: 1, burst: 0, key: 'a' }, 'matches none'],
  [{ conn: 0, burst: 0, key: 'a', default_conn_delay: 1 }, 'property "conn" validation failed'],
  [{ ...delay, conn: 1, burst: 0, policy: 'redis-sentinel' }, 'property "policy" validation failed'],
])('%j is refused', (config, complaint) => {
  expect(complaintAbout(limitConn, config)).toContain(complaint)
})
