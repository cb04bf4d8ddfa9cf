import { startProcess, startRedis, until, type Redis as RedisServer } from '@weir/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allocateCounters } from '../local/layout.ts'
import { createLocalCounters, type LocalCounters } from '../local/local-counters.ts'
import { RedisCounters } from '../redis/redis-counters.ts'
import { targetOf } from '../redis/target.ts'
import type { CounterStore, Lease, RedisPolicy } from '../store.ts'
import { events, expectLimitsToHold, workersMax } from './theorem.ts'

test('local: several workers on one memory never admit more than the limit', async () => {
  const history = fc.array(events(2_000), { minLength: 20, maxLength: 80 })
  await fc.assert(
    fc.asyncProperty(history, async (played) => {
      let time = 1_000_000
      const shared = allocateCounters({ accountsMax: 64, leasesMax: 256 })
      const workers = Array.from({ length: workersMax }, () => createLocalCounters(shared, () => time))
      const world = {
        workers,
        prefix: '',
        leaseMs: 1_500,
        now: () => time,
        wait: (ms: number) => void (time += ms),
      }
      await expectLimitsToHold(world, played)
    }),
    { numRuns: 300 },
  )
})

test('the law notices a store that only looks, and charges afterwards', async () => {
  const history = fc.array(events(100), { minLength: 20, maxLength: 80 })
  const result = await fc.check(
    fc.asyncProperty(history, async (played) => {
      let time = 1_000_000
      const world = {
        workers: [checkThenCharge(createLocalCounters(allocateCounters(), () => time))],
        prefix: '',
        leaseMs: 60_000,
        now: () => time,
        wait: (ms: number) => void (time += ms),
      }
      await expectLimitsToHold(world, played)
    }),
    { numRuns: 300 },
  )
  expect(result.failed).toBe(true)
})

/** Admits whoever finds a unit left, and reserves nothing. */
function checkThenCharge(store: LocalCounters): CounterStore {
  const leases = new Map<Lease, Lease>()
  return {
    reserve(asks, leaseMs) {
      const looks = asks.map((ask) => ({
        ...ask,
        amount: 0,
        least: undefined,
        admission: 'remaining' as const,
      }))
      const decision = store.reserve(looks, leaseMs)
      if (!decision.admitted) return decision
      const lease = { asks, amounts: asks.map(({ amount }) => amount) }
      leases.set(lease, decision.lease)
      return { ...decision, lease }
    },
    settle: (lease, used) => store.settle(leases.get(lease)!, used),
    renew: () => {},
    read: (key) => store.read(key),
    reset: (key) => store.reset(key),
    list: (prefix, max) => store.list(prefix, max),
  }
}

describe('redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  function policy(): RedisPolicy {
    return {
      policy: 'redis',
      redis_host: server.host,
      redis_port: server.port,
      redis_database: 0,
      redis_timeout: 5_000,
      redis_ssl: false,
      redis_ssl_verify: false,
      redis_keepalive_timeout: 60_000,
    }
  }

  test('several nodes never admit more than the limit', async () => {
    const workers = Array.from({ length: workersMax }, () => new RedisCounters(targetOf(policy())))
    let runs = 0
    const history = fc.array(events(120), { minLength: 20, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(history, async (played) => {
        const world = {
          workers,
          prefix: `theorem-${++runs}-`,
          leaseMs: 4_000,
          now: () => performance.now(),
          wait: (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)),
        }
        await expectLimitsToHold(world, played)
      }),
      { numRuns: 12, endOnFailure: true },
    )
    for (const worker of workers) worker.close()
  })

  test('nor do processes, of which one is killed in the middle', async () => {
    const limit = 20_000
    const nodes = await Promise.all(
      Array.from({ length: 3 }, () =>
        startProcess({
          command: process.execPath,
          args: [
            new URL('node.worker.ts', import.meta.url).pathname,
            JSON.stringify({ policy: policy(), limit }),
          ],
          ready: { output: /counting/ },
        }),
      ),
    )
    const watcher = new RedisCounters(targetOf(policy()))
    const taken = async () => {
      const { used = 0, reserved = 0 } = (await watcher.read('node')) ?? {}
      expect(used + reserved).toBeLessThanOrEqual(limit)
      return { used, reserved }
    }
    await until(async () => (await taken()).used > limit / 10, { what: 'a tenth to be used' })
    await nodes[0]!.stop({ signal: 'SIGKILL' })
    const survivors = nodes.slice(1)
    await until(
      async () => {
        await taken()
        return survivors.every(({ stdout }) => /used \d+/.test(stdout))
      },
      { what: 'the quota to be used up', timeoutMs: 40_000 },
    )
    await Promise.all(survivors.map(({ exited }) => exited))
    const { used } = await taken()
    const told = survivors.map(({ stdout }) => Number(/used (\d+)/.exec(stdout)?.[1]))
    // The rest is what the third had used.
    expect(told.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(used)
    expect(used).toBeGreaterThan(limit / 2)
    watcher.close()
  }, 60_000)
})
