import { startRedis, until, type Redis as RedisServer } from '@weir/testkit'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allocateCounters } from '../local/layout.ts'
import { createLocalCounters } from '../local/local-counters.ts'
import { targetOf } from '../redis/target.ts'
import { CounterUnavailableError } from '../store.ts'
import { DelayedCounters } from './delayed-counters.ts'
import { LocalRequestCounters } from './local-request-counters.ts'
import { RedisRequestCounters } from './redis-request-counters.ts'
import type { RequestCounters } from './request-counters.ts'

let server: RedisServer
let client: Redis
const opened: RedisRequestCounters[] = []
beforeAll(async () => {
  server = await startRedis()
  client = new Redis(server.port, server.host)
  client.on('error', () => {})
})
afterEach(() => {
  for (const counters of opened.splice(0)) counters.close()
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})

function redis(changed: { redis_database?: number } = {}): RedisRequestCounters {
  const counters = new RedisRequestCounters(
    targetOf({
      policy: 'redis',
      redis_host: server.host,
      redis_port: server.port,
      redis_database: 0,
      redis_timeout: 300,
      redis_ssl: false,
      redis_ssl_verify: false,
      redis_keepalive_timeout: 60_000,
      ...changed,
    }),
  )
  opened.push(counters)
  return counters
}

let tests = 0
const key = (name: string) => `request-${process.pid}-${++tests}-${name}`

describe.each<[string, () => RequestCounters]>([
  ['local', () => new LocalRequestCounters(allocateCounters())],
  ['redis', () => redis()],
])('%s', (_, open) => {
  test('a fixed window counts all, refused ones too, from its first request', async () => {
    const counters = open()
    const name = key('fixed')
    expect(await counters.hit(name, 1, 60)).toEqual({ used: 1, resetMs: 60_000 })
    const { used, resetMs } = await counters.hit(name, 2, 60)
    expect(used).toBe(3)
    expect(resetMs).toBeGreaterThan(50_000)
    expect(resetMs).toBeLessThanOrEqual(60_000)
    expect((await counters.hit(key('other'), 1, 60)).used).toBe(1)
  })

  test('a fixed window ends', async () => {
    const counters = open()
    const name = key('ends')
    await counters.hit(name, 5, 1)
    await until(async () => (await counters.hit(name, 1, 1)).used === 1, { timeoutMs: 10_000 })
  })

  test('a sliding window admits its limit, and does not count who is refused', async () => {
    const counters = open()
    const name = key('sliding')
    // So long that it does not end meanwhile.
    const admitted = []
    for (let i = 0; i < 5; i++) admitted.push((await counters.slide(name, 3, 86_400)).admitted)
    expect(admitted).toEqual([true, true, true, false, false])
    const last = await counters.slide(name, 3, 86_400)
    expect(last).toMatchObject({ used: 3, weighted: 0 })
    expect(last.resetMs).toBeLessThanOrEqual(86_400_000)
  })

  test('a bucket takes a burst, and what leaks makes room', async () => {
    const counters = open()
    const name = key('bucket')
    expect(await counters.leak(name, 0.001, 2)).toBe(0)
    expect(await counters.leak(name, 0.001, 2)).toBeCloseTo(1, 1)
    expect(await counters.leak(name, 0.001, 2)).toBeCloseTo(2, 1)
    expect(await counters.leak(name, 0.001, 2)).toBeUndefined()
    const fast = key('fast bucket')
    expect(await counters.leak(fast, 20, 0)).toBe(0)
    await until(async () => (await counters.leak(fast, 20, 0)) !== undefined, { timeoutMs: 10_000 })
  })

  test('as many are in as there is room for, and who leaves makes room', async () => {
    const counters = open()
    const name = key('room')
    const first = await counters.enter(name, 2, 60)
    const second = await counters.enter(name, 2, 60)
    expect([first.count, second.count]).toEqual([1, 2])
    expect(await counters.enter(name, 2, 60)).toEqual({ count: 3, ticket: undefined })
    await first.ticket?.leave()
    await first.ticket?.leave()
    expect(await counters.enter(name, 2, 60)).toMatchObject({ count: 2 })
    expect((await counters.enter(name, 2, 60)).ticket).toBeUndefined()
  })

  test('who never leaves is forgotten', async () => {
    const counters = open()
    const name = key('forgotten')
    await counters.enter(name, 1, 1)
    await until(async () => (await counters.enter(name, 1, 1)).ticket !== undefined, { timeoutMs: 10_000 })
  })
})

test('fixed windows of this node are read, listed and reset like accounts', () => {
  const shared = allocateCounters()
  const counters = new LocalRequestCounters(shared)
  const accounts = createLocalCounters(shared)
  counters.hit('plugin-limit-count:v1:a', 3, 60)
  counters.leak('plugin-limit-count:v1:b', 1, 1)
  expect(accounts.list('plugin-limit-count:v1:', 10).keys).toEqual(['plugin-limit-count:v1:a'])
  expect(accounts.read('plugin-limit-count:v1:a')).toMatchObject({ used: 3, reserved: 0 })
  accounts.reset('plugin-limit-count:v1:a')
  expect(counters.hit('plugin-limit-count:v1:a', 1, 60).used).toBe(1)
})

test('a local bucket is what APISIX computes step by step', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 40 })
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 5 }),
      (waits, rate, burst) => {
        let now = 1_000_000
        const counters = new LocalRequestCounters(
          allocateCounters({ accountsMax: 8, leasesMax: 8 }),
          () => now,
        )
        let state: { excess: number; last: number } | undefined
        for (const wait of waits) {
          now += wait
          const excess: number = state
            ? Math.max(state.excess - (rate * (now - state.last)) / 1000 + 1, 0)
            : 0
          const got = counters.leak('k', rate, burst)
          // At the very edge rounding may decide otherwise.
          if (Math.abs(excess - burst) < 1e-6) return
          if (excess > burst) expect(got).toBeUndefined()
          else {
            expect(got).toBeCloseTo(excess, 6)
            state = { excess, last: now }
          }
        }
      },
    ),
  )
})

test('the window before weighs less and less', () => {
  let today = 60_000
  const counters = new LocalRequestCounters(
    allocateCounters(),
    () => today,
    () => today,
  )
  for (let i = 0; i < 4; i++) counters.slide('k', 4, 60)
  today = 120_000 + 15_000
  // Three quarters of four are still there.
  expect(counters.slide('k', 4, 60)).toMatchObject({ admitted: true, used: 1, weighted: 3 })
  // In a moment a bit of them is gone, and there is room again long before the window ends.
  today = 120_000 + 20_000
  expect(counters.slide('k', 4, 60)).toMatchObject({ admitted: true, used: 2 })
  const refused = counters.slide('k', 4, 60)
  expect(refused).toMatchObject({ admitted: false, used: 2 })
  expect(refused.resetMs / 1000).toBeCloseTo(10, 1)
  today += refused.resetMs - 20
  expect(counters.slide('k', 4, 60).admitted).toBe(false)
  today += 30
  expect(counters.slide('k', 4, 60).admitted).toBe(true)
})

test('a sliding window that is full says when it ends, in hundredths of a second that are not too few', () => {
  const today = 60_000 + 12_345
  const counters = new LocalRequestCounters(
    allocateCounters(),
    () => today,
    () => today,
  )
  counters.slide('k', 1, 60)
  expect(counters.slide('k', 1, 60)).toMatchObject({ admitted: false, resetMs: 47_660 })
})

test('keys and values stand where APISIX has them', async () => {
  const counters = redis()
  await counters.hit('plugin-limit-count:v1:/apisix/routes/1:7:10.0.0.1', 1, 60)
  expect(await client.get('plugin-limit-count:v1:/apisix/routes/1:7:10.0.0.1')).toBe('1')
  expect(await client.ttl('plugin-limit-count:v1:/apisix/routes/1:7:10.0.0.1')).toBe(60)
  await counters.leak('limit_req:a', 2, 4)
  await counters.leak('limit_req:a', 2, 4)
  expect(Number(await client.hget('limit_req:a', 'excess'))).toBeGreaterThan(900)
  expect(await client.ttl('limit_req:a')).toBe(3)
  await counters.enter('limit_conn:a', 5, 100)
  expect(await client.zcard('limit_conn:a')).toBe(1)
  const id = Math.floor(Date.now() / 86_400_000)
  await counters.slide('plugin-limit-count:b', 5, 86_400)
  expect(await client.get(`plugin-limit-count:b.${id}.counter`)).toBe('1')
})

test('a database that the server does not have is an error, not another database', async () => {
  const counters = redis({ redis_database: 1_000_000 })
  await expect(Promise.resolve(counters.hit(key('nowhere'), 1, 60))).rejects.toThrow('answered ERR')
  const name = key('second')
  await redis({ redis_database: 2 }).hit(name, 1, 60)
  expect(await client.exists(name)).toBe(0)
})

test('a server that is away is an error that says so', async () => {
  const away = await startRedis()
  const counters = new RedisRequestCounters(
    targetOf({
      policy: 'redis',
      redis_host: away.host,
      redis_port: away.port,
      redis_database: 0,
      redis_timeout: 300,
      redis_ssl: false,
      redis_ssl_verify: false,
      redis_keepalive_timeout: 60_000,
    }),
  )
  opened.push(counters)
  await away.stop()
  await expect(Promise.resolve(counters.hit('a', 1, 1))).rejects.toThrow(CounterUnavailableError)
})

/** A shared counter that may be away, and one that tells it. */
function setUpAway() {
  const shared = { isAway: false, told: 0 }
  const failures: unknown[] = []
  const counters = new DelayedCounters(
    {
      hit(_key, amount, windowSeconds) {
        if (shared.isAway) throw new CounterUnavailableError('away')
        shared.told += amount
        return { used: shared.told, resetMs: windowSeconds * 1000 }
      },
    },
    0.1,
    (error) => failures.push(error),
  )
  return { shared, failures, counters }
}

describe('delayed counters', () => {
  test('count here at once and there after a while, nothing twice', async () => {
    const shared = redis()
    const name = key('delayed')
    const one = new DelayedCounters(shared, 0.1, () => {})
    const two = new DelayedCounters(shared, 0.1, () => {})
    for (let i = 1; i <= 5; i++) expect((await one.hit(name, 1, 60)).used).toBe(i)
    expect((await two.hit(name, 1, 60)).used).toBeGreaterThanOrEqual(1)
    await until(async () => (await client.get(name)) === '6', { timeoutMs: 10_000 })
    await until(async () => (await two.hit(name, 0, 60)).used === 6, { timeoutMs: 10_000 })
    await one.close()
    await two.close()
    expect(await client.get(name)).toBe('6')
  })

  test('while the shared counter is away each counts by itself, and tells it afterwards', async () => {
    const { shared, failures, counters } = setUpAway()
    shared.isAway = true
    expect((await counters.hit('k', 1, 60)).used).toBe(1)
    expect((await counters.hit('k', 1, 60)).used).toBe(2)
    expect(failures).not.toHaveLength(0)
    shared.isAway = false
    await until(() => shared.told === 2)
    expect((await counters.hit('k', 1, 60)).used).toBe(3)
    await counters.close()
    expect(shared.told).toBe(3)
  })

  test('what the shared counter did not take is told again', async () => {
    const { shared, failures, counters } = setUpAway()
    await counters.hit('k', 1, 60)
    shared.isAway = true
    await until(() => failures.length > 0)
    shared.isAway = false
    await until(() => shared.told === 1)
    await counters.close()
    expect(shared.told).toBe(1)
  })
})
