import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { play, step } from '../conformance/histories.ts'
import { ModelCounters } from '../conformance/model.ts'
import { describeCounterStore } from '../conformance/suite.ts'
import { type Ask, CounterUnavailableError, type Lease } from '../store.ts'
import { allocateCounters, header } from './layout.ts'
import { createLocalCounters } from './local-counters.ts'

describe('local counters', () => {
  describeCounterStore(() => createLocalCounters())
})

test('local counters agree with the model on every history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = fakeClock()
      const modelClock = fakeClock()
      const local = createLocalCounters(allocateCounters(), clock.now)
      const model = new ModelCounters(modelClock.now)
      expect(await play(local, steps, clock.wait)).toEqual(await play(model, steps, modelClock.wait))
    }),
    { numRuns: 300 },
  )
})

test('under `fits`, with answers no larger than their reservations, no limit is ever exceeded', () => {
  const limit = 100
  const amounts = fc.array(fc.record({ amount: fc.nat(60), share: fc.nat(100), settlesAt: fc.nat(40) }), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(amounts, (requests) => {
      const clock = fakeClock()
      const store = createLocalCounters(allocateCounters(), clock.now)
      const held: { lease: Lease; used: number; settlesAt: number }[] = []
      for (const [at, { amount, share, settlesAt }] of requests.entries()) {
        clock.wait(20)
        const decision = store.reserve([anAsk({ limit, amount, windowSeconds: 1 })], 60_000)
        if (decision.admitted) {
          held.push({
            lease: decision.lease,
            used: Math.floor((amount * share) / 100),
            settlesAt: at + settlesAt,
          })
        }
        for (const { lease, used } of held.filter((one) => one.settlesAt === at)) store.settle(lease, [used])
        const { used = 0, reserved = 0 } = store.read('a') ?? {}
        expect(used + reserved).toBeLessThanOrEqual(limit)
      }
    }),
  )
})

test('a lease that nobody settles expires', () => {
  const clock = fakeClock()
  const store = createLocalCounters(allocateCounters(), clock.now)
  const forgotten = store.reserve([anAsk({ limit: 10, amount: 10 })], 1000)
  expect(forgotten.admitted).toBe(true)
  clock.wait(999)
  expect(store.reserve([anAsk({ limit: 10, amount: 1 })], 1000).admitted).toBe(false)
  clock.wait(1)
  expect(store.reserve([anAsk({ limit: 10, amount: 10 })], 1000).admitted).toBe(true)
})

test('what is used after its lease expired is still charged', () => {
  const clock = fakeClock()
  const store = createLocalCounters(allocateCounters(), clock.now)
  const late = store.reserve([anAsk({ amount: 10 })], 1000)
  clock.wait(5000)
  const next = store.reserve([anAsk({ amount: 20 })], 60_000)
  expect(next.states[0]).toMatchObject({ reserved: 0 })
  if (late.admitted) store.settle(late.lease, [7])
  expect(store.read('a')).toMatchObject({ used: 7, reserved: 20 })
})

test('a key that is too long, or has characters beyond Latin-1, is counted and not listed', () => {
  const store = createLocalCounters()
  const keys = ['rule:short', `rule:${'x'.repeat(250)}`, `rule:${'x'.repeat(251)}`, 'rule:\u4f60']
  for (const key of keys) store.reserve([anAsk({ key })], 60_000)
  const { keys: listed, isComplete } = store.list('rule:', 10)
  expect(listed).toEqual(keys.slice(0, 2))
  expect(isComplete).toBe(false)
  expect(store.list('rule:s', 10)).toEqual({ keys: ['rule:short'], isComplete: true })
  expect(store.list('rule:\u4f60', 10)).toEqual({ keys: [], isComplete: false })
  for (const key of keys) expect(store.read(key)).toMatchObject({ reserved: 1 })
})

test('full counters give back accounts whose window is over, and refuse as unavailable when there are none', () => {
  const clock = fakeClock()
  const store = createLocalCounters(allocateCounters({ accountsMax: 16, leasesMax: 32 }), clock.now)
  const settleAll = (key: string, windowSeconds: number) => {
    const decision = store.reserve([anAsk({ key, windowSeconds })], 1000)
    if (decision.admitted) store.settle(decision.lease, [1])
  }
  for (let i = 0; i < 15; i++) settleAll(`short ${i}`, 1)
  settleAll('long', 60)
  expect(() => settleAll('one too many', 60)).toThrow(CounterUnavailableError)
  expect(store.read('short 3')).toMatchObject({ used: 1 })
  clock.wait(1000)
  settleAll('now there is room', 60)
  expect(store.read('long')).toMatchObject({ used: 1 })
  expect(store.read('short 3')).toBeUndefined()
  expect(store.read('now there is room')).toMatchObject({ used: 1 })
})

test('as many reservations as there is room for, and again as many when they are settled or expired', () => {
  const clock = fakeClock()
  const store = createLocalCounters(allocateCounters({ accountsMax: 16, leasesMax: 32 }), clock.now)
  const fill = () => {
    const leases: Lease[] = []
    for (let i = 0; i < 32; i++) {
      const decision = store.reserve([anAsk({ key: `key ${i % 4}` })], 1000)
      if (decision.admitted) leases.push(decision.lease)
    }
    return leases
  }
  const leases = fill()
  expect(leases).toHaveLength(32)
  expect(() => fill()).toThrow(CounterUnavailableError)
  for (const lease of leases) store.settle(lease, [0])
  expect(fill()).toHaveLength(32)
  clock.wait(1000)
  expect(fill()).toHaveLength(32)
  expect(store.read('key 1')).toMatchObject({ reserved: 8 })
})

test('a thread that died in the middle of a change leaves counters that work', () => {
  const clock = fakeClock()
  const shared = allocateCounters()
  const store = createLocalCounters(shared, clock.now)
  const held = store.reserve([anAsk({ amount: 10 })], 1000)
  const words = new Int32Array(shared)
  // Its turn, and garbage where lists begin.
  words[header.lock] = (1 << 10) | 1023
  words[header.leasesFree] = 77
  words[header.accountsFree] = 78
  words.fill(0, header.words, header.words + 1024)
  const after = createLocalCounters(shared, clock.now)
  expect(after.read('a')).toMatchObject({ used: 0, reserved: 10 })
  if (held.admitted) store.settle(held.lease, [4])
  expect(after.read('a')).toMatchObject({ used: 4, reserved: 0 })
}, 30_000)

function anAsk(rest: Partial<Ask>): Ask {
  return { key: 'a', limit: 100, windowSeconds: 60, amount: 1, admission: 'fits', ...rest }
}

function fakeClock() {
  let time = 1_000_000
  return { now: () => time, wait: (ms: number) => void (time += ms) }
}
