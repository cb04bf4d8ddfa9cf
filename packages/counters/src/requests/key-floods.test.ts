// More keys than there is room for: anybody may send them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allocateCounters } from '../local/layout.ts'
import { createLocalCounters } from '../local/local-counters.ts'
import { CounterUnavailableError } from '../store.ts'
import { LocalRequestCounters } from './local-request-counters.ts'

const sizes = { accountsMax: 16, leasesMax: 16 }

const account = (key: string) => ({
  key,
  limit: 1000,
  windowSeconds: 60,
  amount: 1,
  admission: 'fits' as const,
})

test('the oldest counters give way, never those of quotas', () => {
  const shared = allocateCounters(sizes)
  const counters = new LocalRequestCounters(shared)
  const quotas = createLocalCounters(shared)
  quotas.reserve([account('first')], 60_000)
  for (let i = 0; i < 1000; i++) expect(counters.hit(`flood ${i}`, 1, 3600).used).toBe(1)
  // The last twelve, which is three quarters, are known.
  for (let i = 988; i < 1000; i++) expect(counters.hit(`flood ${i}`, 1, 3600).used).toBe(2)
  for (const key of ['second', 'third', 'fourth']) quotas.reserve([account(key)], 60_000)
  for (const key of ['first', 'second', 'third', 'fourth'])
    expect(quotas.read(key)).toMatchObject({ reserved: 1 })
  expect(() => quotas.reserve([account('fifth')], 60_000)).toThrow(CounterUnavailableError)
})

test('who is under way stays counted', () => {
  const counters = new LocalRequestCounters(allocateCounters(sizes))
  const { ticket } = counters.enter('busy', 1, 3600)
  for (let i = 0; i < 100; i++) counters.leak(`flood ${i}`, 1, 1)
  expect(counters.enter('busy', 1, 3600).ticket).toBeUndefined()
  void ticket?.leave()
  for (let i = 0; i < 100; i++) counters.leak(`flood ${i}`, 1, 1)
  expect(counters.enter('busy', 1, 3600).ticket).toBeDefined()
})

test('whatever comes, quotas are exact and counters that are known go on', () => {
  const step = fc.record({
    kind: fc.constantFrom('hit', 'leak', 'enter', 'leave', 'quota', 'wait'),
    key: fc.nat(40),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let now = 1000
      const shared = allocateCounters(sizes)
      const counters = new LocalRequestCounters(shared, () => now)
      const quotas = createLocalCounters(shared, () => now)
      const used = new Map<string, number>()
      const hits = new Map<string, number>()
      const tickets: { leave(): unknown }[] = []
      for (const { kind, key } of steps) {
        const name = `${kind} ${key}`
        if (kind === 'wait') now += key
        else if (kind === 'leave') tickets.splice(0, 1)[0]?.leave()
        else if (kind === 'leak') counters.leak(name, 1, 5)
        else if (kind === 'enter' && tickets.length < 5) {
          const { ticket } = counters.enter(`enter ${key % 3}`, 100, 3600)
          if (ticket) tickets.push(ticket)
        } else if (kind === 'hit') {
          const count = counters.hit(name, 1, 3600).used
          expect([1, (hits.get(name) ?? 0) + 1]).toContain(count)
          hits.set(name, count)
        } else if (kind === 'quota') {
          const one = { ...account(`quota ${key % 4}`), windowSeconds: 3600 }
          const decision = quotas.reserve([one], 60_000)
          if (!decision.admitted) throw new Error('refused')
          quotas.settle(decision.lease, [1])
          used.set(one.key, (used.get(one.key) ?? 0) + 1)
        }
      }
      for (const [key, expected] of used) expect(quotas.read(key)).toMatchObject({ used: expected })
    }),
    { numRuns: 200 },
  )
})
