import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { startRedis, startTcpProxy, until, type Redis as RedisServer } from '@weir/testkit'
import { Redis } from 'ioredis'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { play, step } from '../conformance/histories.ts'
import { ModelCounters } from '../conformance/model.ts'
import { describeCounterStore } from '../conformance/suite.ts'
import { type Ask, CounterUnavailableError, type Decision, type RedisPolicy } from '../store.ts'
import { targetOf } from './target.ts'
import { RedisCounters } from './redis-counters.ts'

const TIMEOUT_MS = 1000

let server: RedisServer
/** A plain client, to look and to meddle. */
let redis: Redis
const opened: { close(): void }[] = []

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.port, server.host)
})

afterEach(() => {
  for (const store of opened.splice(0)) store.close()
})

afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

describe('redis counters', () => {
  describeCounterStore(() => open())
})

test('redis counters agree with the model on histories in which nothing ends by itself', async () => {
  const store = open()
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const prefix = `history-${++run}`
      const timeless = steps
        .filter(({ kind }) => kind !== 'wait')
        .map((one) => {
          if (one.kind !== 'reserve') return 'key' in one ? { ...one, key: `${prefix}-${one.key}` } : one
          const asks = one.asks.map((ask) => ({ ...ask, key: `${prefix}-${ask.key}`, windowSeconds: 60 }))
          return { ...one, asks, leaseMs: 60_000 }
        })
      const seen = await play(store, timeless, noTime)
      expect(withoutTime(seen)).toEqual(withoutTime(await play(new ModelCounters(() => 1), timeless, noTime)))
    }),
    { numRuns: 60 },
  )
})

test('what was used stands where APISIX keeps it, and expires with the window', async () => {
  const store = open()
  const key = 'plugin-ai-rate-limiting:v1:/apisix/routes/1:12:hi:hi'
  const first = await store.reserve([anAsk({ key, amount: 20, windowSeconds: 60 })], 60_000)
  expect(await redis.get(key)).toBe('0')
  await store.settle(leaseOf(first), [15])
  expect(await redis.get(key)).toBe('15')
  expect(await redis.pttl(key)).toBeGreaterThan(50_000)
  // APISIX on another node charges to the same counter.
  await redis.incrby(key, 10)
  expect(await store.read(key)).toMatchObject({ used: 25, reserved: 0 })
})

test('a window ends with its key, and what is reserved stays', async () => {
  const store = open()
  const ask = anAsk({ key: 'ends', windowSeconds: 2 })
  await store.settle(leaseOf(await store.reserve([ask], 60_000)), [70])
  const held = await store.reserve([{ ...ask, amount: 30 }], 60_000)
  expect(held).toMatchObject({ admitted: true, states: [{ used: 70 }] })
  expect((await store.reserve([ask], 60_000)).admitted).toBe(false)
  await until(async () => (await store.read(ask.key))?.used === 0)
  expect(await store.read(ask.key)).toMatchObject({ used: 0, reserved: 30 })
})

test('a lease that nobody settles expires', async () => {
  const store = open()
  const ask = anAsk({ key: 'forgotten', amount: 100 })
  await store.reserve([ask], 1_000)
  await until(async () => (await store.read(ask.key))?.reserved === 0)
  expect((await store.reserve([ask], 1_000)).admitted).toBe(true)
})

test('what is used after its lease expired is still charged', async () => {
  const store = open()
  const late = await store.reserve([anAsk({ key: 'late', amount: 10 })], 1)
  await until(async () => (await store.read('late'))?.reserved === 0)
  await store.settle(leaseOf(late), [7])
  expect(await store.read('late')).toMatchObject({ used: 7, reserved: 0 })
})

test('a lost sum of reservations is counted again from the leases', async () => {
  const store = open()
  const held = await store.reserve([anAsk({ key: 'evicted', amount: 40 })], 60_000)
  await store.reserve([anAsk({ key: 'evicted', amount: 2 })], 60_000)
  await redis.del('weir:reserved:{evicted}')
  expect(await store.read('evicted')).toMatchObject({ reserved: 42 })
  await store.reserve([anAsk({ key: 'evicted', amount: 1 })], 60_000)
  await store.settle(leaseOf(held), [0])
  expect(await store.read('evicted')).toMatchObject({ reserved: 3 })
})

test('a thousand simultaneous requests on several nodes never get more than the limit', async () => {
  const nodes = [open(), open(), open()]
  const asks = [
    anAsk({ key: 'storm-a', limit: 1000, amount: 7 }),
    anAsk({ key: 'storm-b', limit: 700, amount: 7 }),
  ]
  const decisions = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => nodes[i % nodes.length]!.reserve(asks, 60_000)),
  )
  expect(decisions.filter(({ admitted }) => admitted)).toHaveLength(100)
  expect(await nodes[0]!.read('storm-b')).toMatchObject({ reserved: 700 })
})

describe('when Redis is away', () => {
  let lonely: RedisServer

  beforeAll(async () => {
    lonely = await startRedis()
  })

  afterAll(() => lonely.stop())

  test('calls fail at once while it is down, and succeed again when it is back', async () => {
    const store = open({ redis_port: lonely.port })
    await store.reserve([anAsk({ key: 'away' })], 1_000)
    await lonely.kill()
    await expect(untilUnavailable(store)).resolves.toMatch(/^redis 127\.0\.0\.1:\d+: /)
    for (let i = 0; i < 50; i++) {
      await expect(within(0, store.reserve([anAsk({ key: 'away' })], 1_000))).rejects.toThrow(
        CounterUnavailableError,
      )
    }
    await lonely.restart()
    await until(() => isServing(store))
  })

  test('a frozen server costs one timeout, then calls fail at once; after the thaw nothing stays reserved', async () => {
    const store = open({ redis_port: lonely.port })
    const ask = anAsk({ key: 'frozen', amount: 10 })
    await store.settle(leaseOf(await store.reserve([ask], 60_000)), [1])
    const held = await store.reserve([ask], 60_000)
    await lonely.freeze()
    const before = performance.now()
    await expect(within(TIMEOUT_MS * 2, store.reserve([ask], 60_000))).rejects.toThrow(
      CounterUnavailableError,
    )
    expect(performance.now() - before).toBeGreaterThanOrEqual(TIMEOUT_MS - 1)
    await expect(within(0, store.reserve([ask], 60_000))).rejects.toThrow(CounterUnavailableError)
    // The answer to a caller came meanwhile: what it cost is told when Redis is back.
    await store.settle(leaseOf(held), [4])
    lonely.thaw()
    await until(async () => (await isServing(store)) && (await store.read('frozen'))?.reserved === 0)
    expect(await store.read('frozen')).toMatchObject({ used: 5, reserved: 0 })
  })

  test('a cut connection is made again, and nothing is charged twice', async () => {
    const wire = await startTcpProxy(lonely.port)
    try {
      const store = open({ redis_port: wire.port })
      for (let i = 0; i < 10; i++) {
        await until(() => isServing(store))
        const decision = await store.reserve([anAsk({ key: 'cut', limit: 1000 })], 60_000)
        const settled = store.settle(leaseOf(decision), [3])
        if (i % 2 === 0) wire.cut()
        await settled
      }
      await until(async () => (await isServing(store)) && (await store.read('cut'))?.reserved === 0)
      expect(await store.read('cut')).toMatchObject({ used: 30, reserved: 0 })
    } finally {
      await wire.stop()
    }
  })

  test('a wire on which bytes get stuck is given up', async () => {
    const wire = await startTcpProxy(lonely.port)
    try {
      const store = open({ redis_port: wire.port })
      await store.reserve([anAsk({ key: 'stuck' })], 1_000)
      wire.stall()
      await expect(store.reserve([anAsk({ key: 'stuck' })], 1_000)).rejects.toThrow('no answer in time')
      wire.resume()
      await until(() => isServing(store))
    } finally {
      await wire.stop()
    }
  })

  test('an unused connection is closed and made again when needed', async () => {
    const store = open({ redis_port: lonely.port, redis_keepalive_timeout: 50 })
    const watcher = new Redis(lonely.port)
    const told = async (what: string) =>
      Number(new RegExp(`^${what}:(\\d+)`, 'm').exec(await watcher.info())?.[1])
    await until(async () => (await told('connected_clients')) === 1)
    const before = await told('total_connections_received')
    for (let times = 1; times <= 2; times++) {
      await store.reserve([anAsk({ key: 'idle' })], 1_000)
      expect(await told('total_connections_received')).toBe(before + times)
      await until(async () => (await told('connected_clients')) === 1)
    }
    watcher.disconnect()
  })

  test('the first call waits no longer than the timeout for a host that does not answer', async () => {
    const wire = await startTcpProxy(lonely.port)
    wire.stall()
    const store = open({ redis_port: wire.port })
    await expect(within(TIMEOUT_MS * 2, store.reserve([anAsk({})], 1_000))).rejects.toThrow(
      CounterUnavailableError,
    )
    await wire.stop()
  })
})

test('a password is used and never told', async () => {
  const guarded = await startRedis({ args: ['--requirepass', 'open-sesame'] })
  try {
    const right = open({ redis_port: guarded.port, redis_password: 'open-sesame', redis_database: 3 })
    expect((await right.reserve([anAsk({})], 1_000)).admitted).toBe(true)
    const wrong = open({ redis_port: guarded.port, redis_password: 'open-barley' })
    const error: unknown = await wrong
      .reserve([anAsk({})], 1_000)
      .then(undefined, (reason: unknown) => reason)
    expect(error).toBeInstanceOf(CounterUnavailableError)
    expect((error as Error).message).toBe(`redis 127.0.0.1:${guarded.port}: answered WRONGPASS`)
    expect((error as Error).cause).toBeUndefined()
    const none = open({ redis_port: guarded.port })
    await expect(none.reserve([anAsk({})], 1_000)).rejects.toThrow('answered NOAUTH')
  } finally {
    await guarded.stop()
  }
})

test("another kind of value under an account's key is an error, not a crash", async () => {
  await redis.lpush('wrong', 'x')
  await redis.expire('wrong', 60)
  const store = open()
  await expect(store.reserve([anAsk({ key: 'wrong' })], 1_000)).rejects.toThrow(CounterUnavailableError)
  expect((await store.reserve([anAsk({ key: 'right' })], 1_000)).admitted).toBe(true)
})

const noTime = () => {}

function open(rest: Partial<RedisPolicy> = {}): RedisCounters {
  const store = new RedisCounters(
    targetOf({
      policy: 'redis',
      redis_host: server.host,
      redis_port: server.port,
      redis_database: 0,
      redis_timeout: TIMEOUT_MS,
      redis_ssl: false,
      redis_ssl_verify: false,
      redis_keepalive_timeout: 10_000,
      ...rest,
    }),
  )
  opened.push(store)
  return store
}

async function isServing(store: RedisCounters): Promise<boolean> {
  return store.read('any').then(
    () => true,
    () => false,
  )
}

/** Fails when `work` takes longer than a timer set at the same time: a machine that is busy holds up both. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = async () => {
    await sleep(ms)
    for (let turns = 0; turns < 3; turns++) await turn()
    throw new Error(`it took longer than ${ms} ms`)
  }
  return Promise.race([work, late()])
}

/** The message of the first failure. */
async function untilUnavailable(store: RedisCounters): Promise<string> {
  for (;;) {
    try {
      await store.read('any')
      await sleep(1)
    } catch (error) {
      expect(error).toBeInstanceOf(CounterUnavailableError)
      return (error as Error).message
    }
  }
}

function anAsk(rest: Partial<Ask>): Ask {
  return { key: 'a', limit: 100, windowSeconds: 60, amount: 1, admission: 'fits', ...rest }
}

function leaseOf(decision: Decision) {
  if (!decision.admitted) throw new Error('refused')
  return decision.lease
}

/** Without `resetMs`, the one thing that a real clock decides. */
function withoutTime(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (name, part: unknown) => (name === 'resetMs' ? undefined : part)))
}
