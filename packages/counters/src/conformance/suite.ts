// What every counter store promises, whatever is behind it. Uses windows and leases too long to end during a test.
import { expect, test } from 'vitest'
import type { Ask, CounterStore, Decision } from '../store.ts'

const MINUTE_MS = 60_000
/** Long beside what a busy machine may hold a test up. */
const LEASE_MS = 2000

export function describeCounterStore(open: () => CounterStore): void {
  // Keys of their own per test, for stores that outlive one.
  let tests = 0
  function setUp() {
    const store = open()
    const prefix = `suite-${process.pid}-${++tests}`
    return {
      store,
      ask: (key: string, rest: Partial<Ask>): Ask => ({
        key: `${prefix}-${key}`,
        limit: 100,
        windowSeconds: 60,
        amount: 1,
        admission: 'fits',
        ...rest,
      }),
    }
  }

  test('what was used is seen by the next request, with the window that the first one opened', async () => {
    const { store, ask } = setUp()
    const only = ask('a', { amount: 30 })
    const first = await store.reserve([only], MINUTE_MS)
    expect(first).toMatchObject({
      admitted: true,
      states: [{ limit: 100, used: 0, reserved: 0, resetMs: 60_000 }],
    })
    await store.settle(leaseOf(first), [12])
    const second = await store.reserve([only], MINUTE_MS)
    expect(second).toMatchObject({ admitted: true, states: [{ used: 12, reserved: 0 }] })
    expect(second.states[0]!.resetMs).toBeGreaterThan(0)
    expect(second.states[0]!.resetMs).toBeLessThanOrEqual(60_000)
    await store.settle(leaseOf(second), [0])
    expect(await store.read(only.key)).toMatchObject({ used: 12, reserved: 0 })
  })

  test('`fits` counts the amount, up to the last unit', async () => {
    const { store, ask } = setUp()
    expect(await store.reserve([ask('a', { amount: 101 })], MINUTE_MS)).toMatchObject({
      admitted: false,
      refused: 0,
    })
    expect(await store.read(ask('a', {}).key)).toBeUndefined()
    expect(await store.reserve([ask('a', { amount: 100 })], MINUTE_MS)).toMatchObject({ admitted: true })
    expect(await store.reserve([ask('a', { amount: 1 })], MINUTE_MS)).toMatchObject({
      admitted: false,
      states: [{ used: 0, reserved: 100 }],
    })
  })

  test('an amount that may be lowered gets what there is room for, down to its least', async () => {
    const { store, ask } = setUp()
    const first = await store.reserve([ask('a', { amount: 70 })], MINUTE_MS)
    expect(leaseOf(first).amounts).toEqual([70])
    const second = await store.reserve([ask('a', { amount: 50, least: 10 }), ask('b', {})], MINUTE_MS)
    expect(leaseOf(second).amounts).toEqual([30, 1])
    expect(await store.read(ask('a', {}).key)).toMatchObject({ used: 0, reserved: 100 })
    await store.settle(leaseOf(second), [25, 1])
    expect(await store.read(ask('a', {}).key)).toMatchObject({ used: 25, reserved: 70 })
    expect((await store.reserve([ask('a', { amount: 50, least: 6 })], MINUTE_MS)).admitted).toBe(false)
    const third = await store.reserve(
      [ask('a', { amount: 50, least: 20, admission: 'remaining' })],
      MINUTE_MS,
    )
    expect(leaseOf(third).amounts).toEqual([20])
  })

  test('`remaining` admits while one unit is left and counts what is under way', async () => {
    const { store, ask } = setUp()
    const only = ask('a', { limit: 10, amount: 50, admission: 'remaining' })
    const first = await store.reserve([only], MINUTE_MS)
    expect(first.admitted).toBe(true)
    expect((await store.reserve([only], MINUTE_MS)).admitted).toBe(false)
    await store.settle(leaseOf(first), [9])
    const second = await store.reserve([only], MINUTE_MS)
    expect(second).toMatchObject({ admitted: true, states: [{ used: 9, reserved: 0 }] })
    await store.settle(leaseOf(second), [25])
    expect(await store.reserve([only], MINUTE_MS)).toMatchObject({ admitted: false, states: [{ used: 34 }] })
  })

  test('a refusal of one account leaves no trace in any', async () => {
    const { store, ask } = setUp()
    const asks = [ask('a', { amount: 5 }), ask('b', { amount: 5, limit: 4 }), ask('c', { amount: 5 })]
    expect(await store.reserve(asks, MINUTE_MS)).toMatchObject({ admitted: false, refused: 1 })
    const nothing = { used: 0, reserved: 0 }
    for (const { key } of asks) expect((await store.read(key)) ?? nothing).toMatchObject(nothing)
  })

  test('a lease is settled once', async () => {
    const { store, ask } = setUp()
    const asks = [ask('a', { amount: 5 }), ask('b', { amount: 7 })]
    const lease = leaseOf(await store.reserve(asks, MINUTE_MS))
    await store.settle(lease, [3, 4])
    await store.settle(lease, [3, 4])
    expect(await store.read(asks[0]!.key)).toMatchObject({ used: 3, reserved: 0 })
    expect(await store.read(asks[1]!.key)).toMatchObject({ used: 4, reserved: 0 })
  })

  test('a lease that is renewed holds on, and a settled one does not come back', async () => {
    const { store, ask } = setUp()
    const only = ask('a', { amount: 5 })
    const lease = leaseOf(await store.reserve([only, ask('b', {})], LEASE_MS))
    await store.renew(lease, MINUTE_MS)
    await new Promise((resolve) => void setTimeout(resolve, LEASE_MS + 100))
    expect(await store.read(only.key)).toMatchObject({ used: 0, reserved: 5 })
    await store.settle(lease, [3, 0])
    await store.renew(lease, MINUTE_MS)
    expect(await store.read(only.key)).toMatchObject({ used: 3, reserved: 0 })
  })

  test('a changed limit keeps what was used', async () => {
    const { store, ask } = setUp()
    await store.settle(leaseOf(await store.reserve([ask('a', { amount: 60 })], MINUTE_MS)), [60])
    expect((await store.reserve([ask('a', { limit: 50 })], MINUTE_MS)).admitted).toBe(false)
    expect((await store.reserve([ask('a', { limit: 61 })], MINUTE_MS)).admitted).toBe(true)
  })

  test('a window keeps its end when a later request asks for a shorter one', async () => {
    const { store, ask } = setUp()
    await store.settle(leaseOf(await store.reserve([ask('a', { windowSeconds: 3600 })], MINUTE_MS)), [8])
    const next = await store.reserve([ask('a', { windowSeconds: 10 })], MINUTE_MS)
    expect(next.states[0]).toMatchObject({ used: 8 })
    expect(next.states[0]!.resetMs).toBeGreaterThan(3_000_000)
    await store.settle(leaseOf(next), [1])
    expect((await store.read(ask('a', {}).key))!.resetMs).toBeGreaterThan(3_000_000)
  })

  test('a reset forgets what was used and keeps what is reserved', async () => {
    const { store, ask } = setUp()
    const only = ask('a', { amount: 10 })
    await store.settle(leaseOf(await store.reserve([only], MINUTE_MS)), [8])
    const held = leaseOf(await store.reserve([only], MINUTE_MS))
    await store.reset(only.key)
    expect(await store.read(only.key)).toMatchObject({ used: 0, reserved: 10 })
    await store.settle(held, [2])
    expect(await store.read(only.key)).toMatchObject({ used: 2, reserved: 0 })
  })

  test('accounts are found by what their keys begin with', async () => {
    const { store, ask } = setUp()
    const rules = ask('rule:', {}).key
    for (const rest of ['b', 'a', 'ü', 'a*?[b]', 'c']) {
      await store.reserve([ask(`rule:${rest}`, {})], MINUTE_MS)
    }
    await store.reserve([ask('ruler', {}), ask('other', {})], MINUTE_MS)
    const { keys, isComplete } = await store.list(rules, 10)
    expect(keys.map((key) => key.slice(rules.length)).toSorted()).toEqual(['a', 'a*?[b]', 'b', 'c', 'ü'])
    expect(isComplete).toBe(true)
    const some = await store.list(rules, 2)
    expect(some.keys).toHaveLength(2)
    expect(some.isComplete).toBe(false)
    expect(await store.list(`${rules}a*?`, 10)).toMatchObject({ keys: [`${rules}a*?[b]`], isComplete: true })
    expect(await store.list(`${rules}x`, 10)).toEqual({ keys: [], isComplete: true })
  })

  test('numbers up to 2^53 - 1 are exact', async () => {
    const { store, ask } = setUp()
    const limit = Number.MAX_SAFE_INTEGER
    const huge = ask('a', { limit, amount: limit - 1 })
    await store.settle(leaseOf(await store.reserve([huge], MINUTE_MS)), [limit - 1])
    expect(await store.read(huge.key)).toMatchObject({ used: limit - 1 })
    expect((await store.reserve([ask('a', { limit, amount: 2 })], MINUTE_MS)).admitted).toBe(false)
    expect((await store.reserve([ask('a', { limit, amount: 1 })], MINUTE_MS)).admitted).toBe(true)
  })
}

function leaseOf(decision: Decision) {
  if (!decision.admitted) throw new Error('refused')
  return decision.lease
}
