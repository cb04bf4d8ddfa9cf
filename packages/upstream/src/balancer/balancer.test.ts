import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Balancer,
  type BalancerNode,
  type BalancerType,
  createBalancer,
  type NodeHealth,
} from './index.ts'

const types: BalancerType[] = ['roundrobin', 'chash', 'ewma', 'least_conn']
const nodesOf = (...weights: number[]): BalancerNode[] =>
  weights.map((weight, i) => ({ id: `n${i}`, weight }))

function health(usable: readonly boolean[]): NodeHealth {
  return { isUsable: (index) => usable[index] ?? true, anyUsable: () => usable.includes(true) }
}

function count(balancer: Balancer, picks: number, nodeHealth?: NodeHealth): number[] {
  const counts: number[] = []
  for (let i = 0; i < picks; i++) {
    const index = balancer.pick([], nodeHealth, String(i))
    counts[index] = (counts[index] ?? 0) + 1
  }
  return Array.from(counts, (each) => each ?? 0)
}

describe.each(types)('%s', (type) => {
  test('never picks what was tried, and tries every node before it gives up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.string(),
        (weights, key) => {
          const balancer = createBalancer(type, nodesOf(...weights))
          const tried: number[] = []
          for (let i = 0; i < weights.length; i++) tried.push(balancer.pick(tried, undefined, key))
          expect(tried.toSorted((a, b) => a - b)).toEqual(weights.map((_, i) => i))
          expect(balancer.pick(tried, undefined, key)).toBe(-1)
        },
      ),
    )
  })

  test('leaves unusable nodes out, unless no node is usable', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), fc.string(), (usable, key) => {
        const balancer = createBalancer(type, nodesOf(...usable.map(() => 1)))
        const index = balancer.pick([], health(usable), key)
        expect(index).toBeGreaterThanOrEqual(0)
        if (usable.includes(true)) expect(usable[index]).toBe(true)
      }),
    )
  })

  test('uses a lower priority only when all above it were tried or are unusable', () => {
    const nodes = [
      { id: 'low', weight: 1, priority: 0 },
      { id: 'high', weight: 1, priority: 10 },
      { id: 'high2', weight: 1, priority: 10 },
    ]
    const balancer = createBalancer(type, nodes)
    for (let i = 0; i < 20; i++) expect(balancer.pick([], undefined, `${i}`)).not.toBe(0)
    expect(balancer.pick([1, 2], undefined, 'a')).toBe(0)
    expect(balancer.pick([], health([true, false, false]), 'a')).toBe(0)
    expect(balancer.pick([], health([true, false, true]), 'a')).toBe(2)
    expect(balancer.pick([], health([false, false, false]), 'a')).not.toBe(0)
    expect(balancer.pick([0], health([true, false, false]), 'a')).toBe(-1)
    expect(balancer.pick([0, 1, 2], undefined, 'a')).toBe(-1)
  })

  test('has no answer without nodes', () => {
    expect(createBalancer(type, []).pick([], undefined, 'a')).toBe(-1)
  })
})

describe('roundrobin', () => {
  test('gives each node exactly its share, whoever is left out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean()), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (nodes, seed) => {
          const weights = nodes.map(([weight]) => weight)
          const usable = nodes.map(([, each]) => each)
          fc.pre(nodes.some(([weight, each]) => weight > 0 && each))
          const balancer = createBalancer('roundrobin', nodesOf(...weights), {
            random: () => (seed % 100) / 100,
          })
          const shares = weights.map((weight, i) => (usable[i] ? weight : 0))
          const sum = shares.reduce((a, b) => a + b, 0)
          // What was picked before the others were left out may be made good for first.
          const counts = count(balancer, sum * 50, health(usable))
          for (const [i, share] of shares.entries()) {
            expect(Math.abs((counts[i] ?? 0) - share * 50)).toBeLessThanOrEqual(nodes.length * 2)
          }
        },
      ),
    )
  })

  test('is exact from a fresh start and mixes the nodes', () => {
    const balancer = createBalancer('roundrobin', nodesOf(5, 1, 1), { random: () => 0 })
    const picks = Array.from({ length: 7 }, () => balancer.pick([], undefined))
    expect(picks).toEqual([0, 0, 1, 0, 2, 0, 0])
  })

  test('starts anywhere', () => {
    const starts = [0, 0.4, 0.8].map((value) =>
      createBalancer('roundrobin', nodesOf(1, 1, 1), { random: () => value }).pick([], undefined),
    )
    expect(starts).toEqual([0, 1, 2])
  })

  test('picks no node of weight 0 where others have one', () => {
    expect(count(createBalancer('roundrobin', nodesOf(0, 1)), 5)).toEqual([0, 5])
  })

  test('shares equally among nodes that all have weight 0', () => {
    const balancer = createBalancer('roundrobin', nodesOf(0, 0, 0))
    expect(count(balancer, 9)).toEqual([3, 3, 3])
    const first = balancer.pick([], undefined)
    const second = balancer.pick([first], undefined)
    const third = balancer.pick([first, second], undefined)
    expect(new Set([first, second, third])).toEqual(new Set([0, 1, 2]))
    expect(balancer.pick([0, 1, 2], undefined)).toBe(-1)
  })

  test('picks nodes of weight 0 when only those are left', () => {
    const some = createBalancer('roundrobin', nodesOf(0, 0, 1))
    const picked = [1, 2].map(() => some.pick([], health([true, true, false])))
    expect(new Set(picked)).toEqual(new Set([0, 1]))
    const balancer = createBalancer('roundrobin', nodesOf(0, 1))
    expect(balancer.pick([], health([true, false]))).toBe(0)
    expect(balancer.pick([0], health([true, false]))).toBe(-1)
    expect(balancer.pick([1], undefined)).toBe(-1)
  })
})

describe('chash', () => {
  const c123 = ['c1', 'c2', 'c3'].map((id) => ({ id, weight: 1 }))

  test.each([
    ['u1', 2],
    ['u2', 1],
    ['u3', 2],
    ['127.0.0.1', 0],
  ])('puts %s where APISIX puts it', (key, index) => {
    expect(createBalancer('chash', c123).pick([], undefined, key)).toBe(index)
  })

  test('depends on the ratio of the weights, not on their size or the order of the nodes', () => {
    const small = createBalancer('chash', nodesOf(1, 2, 3))
    const large = createBalancer('chash', nodesOf(100, 200, 300))
    const turned = createBalancer('chash', nodesOf(1, 2, 3).toReversed())
    for (let i = 0; i < 200; i++) {
      const index = small.pick([], undefined, `k${i}`)
      expect(large.pick([], undefined, `k${i}`)).toBe(index)
      expect(turned.pick([], undefined, `k${i}`)).toBe(2 - index)
    }
  })

  test('moves only the keys of the node that is left out, and shares follow the weights', () => {
    const balancer = createBalancer('chash', nodesOf(1, 2, 1))
    const counts = [0, 0, 0]
    for (let i = 0; i < 4000; i++) {
      const before = balancer.pick([], undefined, `k${i}`)
      const after = balancer.pick([], health([true, true, false]), `k${i}`)
      if (before === 2) expect(after).not.toBe(2)
      else expect(after).toBe(before)
      counts[before] = (counts[before] ?? 0) + 1
    }
    expect((counts[1] ?? 0) / 4000).toBeCloseTo(0.5, 1)
  })

  test('takes nodes of weight 0 only when there are no others', () => {
    expect(count(createBalancer('chash', nodesOf(0, 1)), 50)).toEqual([0, 50])
    expect(count(createBalancer('chash', nodesOf(0, 0)), 200).every((each) => each > 0)).toBe(true)
  })

  test('keeps its ring small whatever the weights', () => {
    const balancer = createBalancer('chash', nodesOf(1_000_000_007, 1))
    expect(count(balancer, 100)).toEqual([100])
  })
})

describe('least_conn', () => {
  test('takes nodes of weight 0 only when there are no others', () => {
    const balancer = createBalancer('least_conn', nodesOf(0, 1))
    expect(count(balancer, 3)).toEqual([0, 3])
    expect(balancer.pick([1], undefined)).toBe(0)
  })

  test('is the model: the lowest (in flight + 1) / weight', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        (weights, commands) => {
          const balancer = createBalancer('least_conn', nodesOf(...weights))
          const running: number[] = []
          for (const begins of commands) {
            if (begins) {
              const scores = weights.map(
                (weight, i) => (running.filter((each) => each === i).length + 1) / weight,
              )
              const index = balancer.pick([], undefined)
              expect(scores[index]).toBe(Math.min(...scores))
              running.push(index)
            } else {
              const index = running.shift()
              if (index !== undefined) balancer.done(index, 1)
            }
          }
        },
      ),
    )
  })

  test('keeps its counts when the nodes change, and equal nodes take turns', () => {
    const inFlight = new Map<string, number>()
    const before = createBalancer('least_conn', nodesOf(1, 1), { inFlight })
    expect([before.pick([], undefined), before.pick([], undefined)].toSorted((a, b) => a - b)).toEqual([0, 1])
    const after = createBalancer('least_conn', nodesOf(1, 1, 1), { inFlight })
    expect(after.pick([], undefined)).toBe(2)
    before.done(0, 1)
    expect(after.pick([], undefined)).toBe(0)
  })
})

describe('ewma', () => {
  test('prefers the faster of two, forgets, and tries what it does not know', () => {
    let clock = 0
    const balancer = createBalancer('ewma', nodesOf(1, 1), { now: () => clock })
    balancer.done(0, 100)
    balancer.done(1, 20)
    expect(count(balancer, 10)).toEqual([0, 10])
    for (let i = 0; i < 10; i++) {
      clock += 5000
      balancer.done(1, 500)
      balancer.done(0, 100)
    }
    expect(count(balancer, 10)).toEqual([10])
    clock += 60_001
    balancer.done(0, 100)
    expect(count(balancer, 10)).toEqual([0, 10])
  })

  test('spreads over equal nodes', () => {
    const counts = count(createBalancer('ewma', nodesOf(1, 1, 1)), 300)
    expect(counts.every((each) => each > 40)).toBe(true)
  })
})
