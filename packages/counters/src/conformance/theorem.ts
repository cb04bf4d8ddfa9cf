// The theorem of docs/quotas.md as a law for every store: whatever requests, workers and operators do in whatever order,
// what an account has admitted never exceeds its limit, as long as requests cost no more than they reserved and end
// before their leases do.
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Ask, CounterStore, Lease } from '../store.ts'

export type Event =
  /** `worker` picks who asks. */
  | { readonly kind: 'reserve'; readonly worker: number; readonly amounts: readonly Amount[] }
  /** `which` picks among the leases under way; `share` is how much of each amount was used. 0 is a release. */
  | { readonly kind: 'settle'; readonly which: number; readonly share: number }
  /** Its worker is gone: nobody settles it. */
  | { readonly kind: 'crash'; readonly worker: number }
  | { readonly kind: 'edit'; readonly key: string; readonly limit: number }
  | { readonly kind: 'wait'; readonly ms: number }

interface Amount {
  readonly key: string
  readonly amount: number
  readonly least: number | undefined
}

const keys = ['consumer', 'instance', 'total'] as const
const firstLimit = 50
export const workersMax = 3

const amounts = fc.subarray([...keys], { minLength: 1 }).chain((chosen) =>
  fc.tuple(
    ...chosen.map((key) =>
      fc
        .tuple(fc.integer({ min: 0, max: 30 }), fc.option(fc.nat(30), { nil: undefined }))
        .map(([amount, least]) => ({
          key,
          amount,
          least: least === undefined ? least : Math.min(least, amount),
        })),
    ),
  ),
)

export function events(waitMsMax: number): fc.Arbitrary<Event> {
  const worker = fc.nat(workersMax - 1)
  return fc.oneof(
    { weight: 10, arbitrary: fc.record({ kind: fc.constant('reserve'), worker, amounts }) },
    {
      weight: 7,
      arbitrary: fc.record({
        kind: fc.constant('settle'),
        which: fc.nat(20),
        share: fc.constantFrom(0, 0.3, 1, 1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), worker }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('edit'),
        key: fc.constantFrom(...keys),
        limit: fc.integer({ min: 1, max: 100 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 1, max: waitMsMax }) }),
    },
  )
}

interface UnderWay {
  readonly worker: number
  readonly lease: Lease
  readonly endsAt: number
}

export interface World {
  readonly workers: readonly CounterStore[]
  readonly prefix: string
  readonly leaseMs: number
  now(): number
  wait(ms: number): void | Promise<void>
}

/** Plays the events and checks the law after each. */
export async function expectLimitsToHold(world: World, history: readonly Event[]): Promise<void> {
  const { workers, prefix, leaseMs } = world
  const limits = new Map<string, number>(keys.map((key) => [key, firstLimit]))
  /** The highest limit under which anything was admitted. */
  const ceilings = new Map<string, number>()
  let underWay: UnderWay[] = []
  const store = (worker: number) => workers[worker % workers.length]!

  for (const event of history) {
    // A request ends before its lease does, here with a second to spare.
    underWay = underWay.filter(({ endsAt }) => endsAt - world.now() > leaseMs / 4)
    switch (event.kind) {
      case 'reserve': {
        const asks = event.amounts.map(({ key, amount, least }): Ask => ({
          key: prefix + key,
          limit: limits.get(key)!,
          windowSeconds: key === 'consumer' ? 2 : 3600,
          amount,
          ...(least !== undefined && { least }),
          admission: 'fits',
        }))
        const decision = await store(event.worker).reserve(asks, leaseMs)
        if (!decision.admitted) break
        underWay.push({ worker: event.worker, lease: decision.lease, endsAt: world.now() + leaseMs })
        for (const [i, { key }] of event.amounts.entries()) {
          const { used, reserved, limit } = decision.states[i]!
          expect(used + reserved + decision.lease.amounts[i]!).toBeLessThanOrEqual(limit)
          ceilings.set(key, Math.max(limit, ceilings.get(key) ?? 0))
        }
        break
      }
      case 'settle': {
        const [held] = underWay.splice(event.which % Math.max(1, underWay.length), 1)
        if (!held) break
        const used = held.lease.amounts.map((amount) => Math.floor(amount * event.share))
        await store(held.worker).settle(held.lease, used)
        await store(held.worker).settle(held.lease, used)
        break
      }
      case 'crash':
        underWay = underWay.filter(({ worker }) => worker !== event.worker)
        break
      case 'edit':
        limits.set(event.key, event.limit)
        break
      case 'wait':
        await world.wait(event.ms)
        break
    }
    for (const [i, key] of keys.entries()) {
      const { used = 0, reserved = 0 } = (await store(i).read(prefix + key)) ?? {}
      expect(used + reserved).toBeLessThanOrEqual(ceilings.get(key) ?? 0)
    }
  }
}
