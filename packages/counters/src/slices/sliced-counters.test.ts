import { startRedis, until, type Redis as RedisServer } from '@weir/testkit'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { describeCounterStore } from '../conformance/suite.ts'
import { RedisCounters } from '../redis/redis-counters.ts'
import { targetOf } from '../redis/target.ts'
import { type Ask, CounterUnavailableError, type Lease } from '../store.ts'
import { Slice, sliceOf } from './slice.ts'
import { SlicedCounters } from './sliced-counters.ts'

const LIMIT = 1000
const SLICE = 50
const MINUTE_MS = 60_000
const TIMEOUT_MS = 300

let server: RedisServer
const opened: { close(): void }[] = []

beforeAll(async () => {
  server = await startRedis()
})
afterEach(() => {
  for (const store of opened.splice(0)) store.close()
})
afterAll(() => server.stop())

function target() {
  return targetOf({
    policy: 'redis',
    redis_host: server.host,
    redis_port: server.port,
    redis_database: 0,
    redis_timeout: TIMEOUT_MS,
    redis_ssl: false,
    redis_ssl_verify: false,
    redis_keepalive_timeout: MINUTE_MS,
  })
}

function worker(): SlicedCounters {
  const store = new SlicedCounters(new RedisCounters(target()))
  opened.push(store)
  return store
}

let keys = 0
const ask = (key: string, amount: number): Ask => ({
  key,
  limit: LIMIT,
  windowSeconds: 3600,
  amount,
  admission: 'fits',
})

/** Takes a unit and uses it; false when it was refused. */
async function spend(store: SlicedCounters, key: string, amount: number): Promise<boolean> {
  try {
    const decision = await store.reserve([ask(key, amount)], MINUTE_MS)
    if (!decision.admitted) return false
    await store.settle(decision.lease, [amount])
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(CounterUnavailableError)
    return false
  }
}

async function usedIn(store: SlicedCounters, key: string): Promise<number | undefined> {
  try {
    return (await store.read(key))?.used
  } catch {
    return undefined
  }
}

async function countSpent(store: SlicedCounters, key: string, amount: number): Promise<number> {
  let spent = 0
  while (await spend(store, key, amount)) spent += amount
  return spent
}

test('a slice is a twentieth of the limit, and never nothing', () => {
  expect([sliceOf(1000), sliceOf(19), sliceOf(1)]).toEqual([50, 1, 1])
})

test('no more is admitted from a slice than it holds, in any order of events', () => {
  const step = fc.record({ amount: fc.integer({ min: 0, max: 30 }), settles: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const slice = new Slice({ asks: [], amounts: [] }, 50, performance.now(), MINUTE_MS)
      let taken = 0
      for (const { amount, settles } of steps) {
        const granted = slice.granted(ask('a', amount), performance.now())
        if (granted === undefined) {
          expect(taken + amount).toBeGreaterThan(50)
          continue
        }
        slice.reserve(granted)
        if (settles) slice.settle(granted, granted)
        taken += granted
        expect(taken).toBeLessThanOrEqual(50)
      }
    }),
  )
})

describe('while the store answers', () => {
  describeCounterStore(() => {
    const store = new RedisCounters(target())
    opened.push(store)
    return store
  })

  test('all of the quota can be used by one worker, slices and all', async () => {
    const [one, two] = [worker(), worker()]
    const key = `whole-${++keys}`
    await spend(two, key, 10)
    await spend(one, key, 10)
    const spent = 20 + (await countSpent(one, key, 10))
    // The other's slice is its own until it gives it back or leaves.
    expect(spent).toBe(LIMIT - SLICE)
    expect(spent + (await countSpent(two, key, 10))).toBe(LIMIT)
    expect(await one.read(key)).toMatchObject({ used: LIMIT, reserved: 0 })
  })
})

describe('while the store is away', () => {
  test('each worker serves from its slice and no further; afterwards the store knows all of it', async () => {
    const [one, two] = [worker(), worker()]
    const key = `away-${++keys}`
    for (const store of [one, two]) await spend(store, key, 10)
    await until(async () => (await one.read(key))?.reserved === 2 * SLICE, { what: 'the slices' })
    await server.freeze()
    const spent = (await countSpent(one, key, 10)) + (await countSpent(two, key, 10))
    expect(spent).toBe(2 * SLICE)
    server.thaw()
    await until(async () => (await usedIn(one, key)) === 20 + spent, {
      what: 'what was spent to be booked',
      timeoutMs: 20_000,
    })
    // Nothing of the quota was given twice.
    const rest = (await countSpent(one, key, 10)) + (await countSpent(two, key, 10))
    expect(20 + spent + rest).toBe(LIMIT)
  }, 40_000)

  test('a request that is under way when it comes back is booked when it ends', async () => {
    const store = worker()
    const key = `under-way-${++keys}`
    await spend(store, key, 10)
    await until(async () => (await store.read(key))?.reserved === SLICE, { what: 'the slice' })
    await server.freeze()
    const decision = await store.reserve([ask(key, 30)], MINUTE_MS)
    expect(decision).toMatchObject({ admitted: true, states: [{ limit: LIMIT, used: LIMIT - SLICE }] })
    server.thaw()
    await until(() => spend(store, key, 10), { what: 'the store', timeoutMs: 20_000 })
    const lease: Lease = decision.admitted ? decision.lease : { asks: [], amounts: [] }
    await store.settle(lease, [20])
    await store.settle(lease, [20])
    await until(async () => (await store.read(key))?.used === 40, { what: 'the booking', timeoutMs: 20_000 })
  }, 40_000)

  test('an emptied store is overshot by what was leased out at most', async () => {
    const key = `emptied-${++keys}`
    const [one, two] = [worker(), worker()]
    for (const store of [one, two]) await spend(store, key, 10)
    await until(async () => (await one.read(key))?.reserved === 2 * SLICE, { what: 'the slices' })
    await server.kill()
    const away = (await countSpent(one, key, 10)) + (await countSpent(two, key, 10))
    expect(away).toBe(2 * SLICE)
    await server.restart()
    await until(async () => (await usedIn(one, key)) === away, {
      what: 'what was spent to be booked',
      timeoutMs: 20_000,
    })
  }, 40_000)

  test('an account without a slice is refused', async () => {
    const store = worker()
    await spend(store, `known-${++keys}`, 1)
    await server.freeze()
    await expect(store.reserve([ask(`unknown-${++keys}`, 1)], MINUTE_MS)).rejects.toThrow(
      CounterUnavailableError,
    )
    server.thaw()
  })
})
