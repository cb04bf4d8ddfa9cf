// Policy `redis-cluster`: the accounts of one request may be in different slots, which no script can span. They are
// asked slot by slot in their order, consumer before instance; a refusal gives back what the slots before it hold.
import type {
  AccountList,
  AccountState,
  AccountUse,
  Ask,
  CounterStore,
  Decision,
  Lease,
  StoreObserver,
} from '../store.ts'
import { RedisCounters } from './redis-counters.ts'
import { slotOf } from './slot.ts'
import type { Target } from './target.ts'

interface Part {
  readonly asks: readonly Ask[]
  /** Where its asks stand among those of the request. */
  readonly indexes: readonly number[]
}

export class ClusterCounters implements CounterStore {
  readonly #slots: RedisCounters

  constructor(target: Target, observer?: StoreObserver) {
    this.#slots = new RedisCounters(target, observer)
  }

  async reserve(asks: readonly Ask[], leaseMs: number): Promise<Decision> {
    const parts = partsOf(asks)
    const states: AccountState[] = []
    const held: { readonly part: Part; readonly lease: Lease }[] = []
    let refused = -1
    try {
      for (const part of parts) {
        const decision = await this.#slots.reserve(part.asks, leaseMs)
        for (const [i, index] of part.indexes.entries()) states[index] = decision.states[i]!
        if (decision.admitted) held.push({ part, lease: decision.lease })
        else {
          refused = part.indexes[decision.refused]!
          break
        }
      }
    } catch (error) {
      void this.#giveBack(held)
      throw error
    }
    if (refused < 0) return { admitted: true, lease: new ClusterLease(asks, amountsOf(held), held), states }
    await this.#giveBack(held)
    // Slots behind the refusal were not asked.
    for (const [i, ask] of asks.entries())
      states[i] ??= { limit: ask.limit, used: 0, reserved: 0, resetMs: 0 }
    return { admitted: false, refused, states }
  }

  async settle(lease: Lease, used: readonly number[]): Promise<void> {
    if (!(lease instanceof ClusterLease)) throw new TypeError('a lease of another store')
    await Promise.all(
      lease.held.map(({ part, lease: partLease }) =>
        this.#slots.settle(
          partLease,
          part.indexes.map((index) => used[index]!),
        ),
      ),
    )
  }

  async renew(lease: Lease, leaseMs: number): Promise<void> {
    if (!(lease instanceof ClusterLease)) throw new TypeError('a lease of another store')
    await Promise.all(lease.held.map((one) => this.#slots.renew(one.lease, leaseMs)))
  }

  read(key: string): Promise<AccountUse | undefined> {
    return this.#slots.read(key)
  }

  reset(key: string): Promise<void> {
    return this.#slots.reset(key)
  }

  list(prefix: string, max: number): Promise<AccountList> {
    return this.#slots.list(prefix, max)
  }

  close(): void {
    this.#slots.close()
  }

  /** Never rejects: what Redis does not take now waits until it does, or expires. */
  async #giveBack(held: readonly { readonly part: Part; readonly lease: Lease }[]): Promise<void> {
    await Promise.all(
      held.map(({ part, lease }) =>
        this.#slots.settle(
          lease,
          part.asks.map(() => 0),
        ),
      ),
    )
  }
}

class ClusterLease implements Lease {
  readonly asks: readonly Ask[]
  readonly amounts: readonly number[]
  readonly held: readonly { readonly part: Part; readonly lease: Lease }[]

  constructor(
    asks: readonly Ask[],
    amounts: readonly number[],
    held: readonly { readonly part: Part; readonly lease: Lease }[],
  ) {
    this.asks = asks
    this.amounts = amounts
    this.held = held
  }
}

function amountsOf(held: readonly { readonly part: Part; readonly lease: Lease }[]): readonly number[] {
  const amounts: number[] = []
  for (const { part, lease } of held) {
    for (const [i, index] of part.indexes.entries()) amounts[index] = lease.amounts[i]!
  }
  return amounts
}

function partsOf(asks: readonly Ask[]): readonly Part[] {
  const bySlot = Map.groupBy(asks.keys(), (index) => slotOf(asks[index]!.key))
  return [...bySlot.values()].map((indexes) => ({ indexes, asks: indexes.map((index) => asks[index]!) }))
}
