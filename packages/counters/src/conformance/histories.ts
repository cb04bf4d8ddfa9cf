// Random histories of requests, for stores that are compared with the model step by step.
import fc from 'fast-check'
import type { Ask, CounterStore, Lease } from '../store.ts'

export type Step =
  | { readonly kind: 'reserve'; readonly asks: readonly Ask[]; readonly leaseMs: number }
  /** `which` picks among all leases so far, settled ones too. */
  | { readonly kind: 'settle'; readonly which: number; readonly used: readonly number[] }
  | { readonly kind: 'renew'; readonly which: number; readonly leaseMs: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'read' | 'reset'; readonly key: string }

const keys = ['a', 'b', 'c', 'd'] as const
const limits: Readonly<Record<string, number>> = { a: 10, b: 100, c: 1000, d: 1 }

const ask = (key: string): fc.Arbitrary<Ask> =>
  fc
    .record({
      key: fc.constant(key),
      limit: fc.constant(limits[key]!),
      windowSeconds: fc.integer({ min: 1, max: 3 }),
      amount: fc.integer({ min: 0, max: 40 }),
      least: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
      admission: fc.constantFrom('fits' as const, 'remaining' as const),
    })
    .map((one) => (one.least === undefined ? one : { ...one, least: Math.min(one.least, one.amount) }))

const asks = fc.subarray([...keys], { minLength: 1 }).chain((chosen) => fc.tuple(...chosen.map(ask)))

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('reserve'), asks, leaseMs: fc.integer({ min: 1, max: 4000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      which: fc.nat(30),
      used: fc.array(fc.nat(30), { minLength: keys.length, maxLength: keys.length }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('renew'),
      which: fc.nat(30),
      leaseMs: fc.integer({ min: 1, max: 4000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 1, max: 1500 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('read', 'reset'), key: fc.constantFrom(...keys) }),
  },
)

/** Takes the steps on a store and says what it answered to each. */
export async function play(
  store: CounterStore,
  steps: readonly Step[],
  wait: (ms: number) => void,
): Promise<unknown[]> {
  const leases: Lease[] = []
  const answers: unknown[] = []
  for (const taken of steps) {
    switch (taken.kind) {
      case 'reserve': {
        const decision = await store.reserve(taken.asks, taken.leaseMs)
        if (decision.admitted) leases.push(decision.lease)
        answers.push({ ...decision, lease: decision.admitted ? decision.lease.amounts : undefined })
        break
      }
      case 'settle': {
        const lease = leases[taken.which]
        if (lease) await store.settle(lease, taken.used)
        break
      }
      case 'renew': {
        const lease = leases[taken.which]
        if (lease) await store.renew(lease, taken.leaseMs)
        break
      }
      case 'wait':
        wait(taken.ms)
        break
      case 'read':
        answers.push(await store.read(taken.key))
        break
      case 'reset':
        await store.reset(taken.key)
        break
    }
  }
  return answers
}
