// `degradation: lease`: while the shared store answers, it decides, and each worker keeps a small slice of every
// account that it uses reserved there. While it is away, requests are admitted from these slices, so that all workers
// together admit no more than what was leased out to them. When it is back it is told what was used.
import {
  type AccountList,
  type AccountUse,
  type Ask,
  type CounterStore,
  CounterUnavailableError,
  type Decision,
  type Lease,
} from '../store.ts'
import { Slice, sliceAsk } from './slice.ts'

/** Until when the shared store keeps a slice for a worker that is gone. */
const SLICE_LEASE_MS = 60_000
/** A slice of this age is taken anew, so that the store never forgets one that is in use. */
const SLICE_AGE_MS = SLICE_LEASE_MS / 2
/** Accounts of which a worker holds slices; beyond it no more are taken. */
const SLICES_MAX = 10_000
/** How often the store is asked whether it is back while slices are used. */
const PROBE_MS = 1_000

export interface ClosableStore extends CounterStore {
  close(): void
}

export class SlicedCounters implements ClosableStore {
  readonly #shared: ClosableStore
  readonly #slices = new Map<string, Slice>()
  /** Accounts of which a slice is being taken or given back. */
  readonly #busy = new Set<string>()
  /** Accounts whose slices were used while the store was away. */
  readonly #dirty = new Set<string>()
  #probeTimer: NodeJS.Timeout | undefined

  constructor(shared: ClosableStore) {
    this.#shared = shared
  }

  async reserve(asks: readonly Ask[], leaseMs: number): Promise<Decision> {
    let decision: Decision
    try {
      decision = await this.#shared.reserve(asks, leaseMs)
      // The slice in our own hands is the last of the quota to be used up.
      if (!decision.admitted && (await this.#giveBack(asks))) {
        decision = await this.#shared.reserve(asks, leaseMs)
      }
    } catch (error) {
      if (!(error instanceof CounterUnavailableError)) throw error
      const here = this.#reserveHere(asks)
      if (here) return here
      throw error
    }
    this.#reconcile()
    if (decision.admitted) for (const ask of asks) this.#want(ask)
    return decision
  }

  settle(lease: Lease, used: readonly number[]): void | Promise<void> {
    if (!(lease instanceof SliceLease)) return this.#shared.settle(lease, used)
    if (lease.isSettled) return
    lease.isSettled = true
    for (const [i, slice] of lease.slices.entries()) slice.settle(lease.amounts[i]!, used[i]!)
  }

  /** What stands on a slice has no end of its own. */
  renew(lease: Lease, leaseMs: number): void | Promise<void> {
    if (!(lease instanceof SliceLease)) return this.#shared.renew(lease, leaseMs)
  }

  read(key: string): AccountUse | undefined | Promise<AccountUse | undefined> {
    return this.#shared.read(key)
  }

  reset(key: string): void | Promise<void> {
    this.#slices.get(key)?.forget()
    return this.#shared.reset(key)
  }

  list(prefix: string, max: number): AccountList | Promise<AccountList> {
    return this.#shared.list(prefix, max)
  }

  close(): void {
    clearTimeout(this.#probeTimer)
    this.#shared.close()
  }

  /** All or nothing, as in the shared store. */
  #reserveHere(asks: readonly Ask[]): Decision | undefined {
    const now = performance.now()
    const slices: Slice[] = []
    const amounts: number[] = []
    for (const ask of asks) {
      const slice = this.#slices.get(ask.key)
      const granted = slice?.granted(ask, now)
      if (!slice || granted === undefined) return undefined
      slices.push(slice)
      amounts.push(granted)
    }
    const states = asks.map((ask, i) => slices[i]!.stateFor(ask, now))
    for (const [i, slice] of slices.entries()) slice.reserve(amounts[i]!)
    for (const { key } of asks) this.#dirty.add(key)
    this.#probeLater()
    return { admitted: true, lease: new SliceLease(asks, amounts, slices), states }
  }

  /** The store is there again: what was used from slices is booked, once nobody is under way on them. */
  #reconcile(): void {
    for (const key of this.#dirty) {
      const slice = this.#slices.get(key)
      if (!slice) this.#dirty.delete(key)
      else if (slice.isFree && !this.#busy.has(key)) void this.#return(key, slice)
    }
  }

  /** Nobody may come any more to find out that the store is back. */
  #probeLater(): void {
    this.#probeTimer ??= setTimeout(() => void this.#probe(), PROBE_MS).unref()
  }

  async #probe(): Promise<void> {
    this.#probeTimer = undefined
    const [key] = this.#dirty
    if (key === undefined) return
    try {
      await this.#shared.read(key)
      this.#reconcile()
    } catch (error) {
      if (!(error instanceof CounterUnavailableError)) throw error
    }
    if (this.#dirty.size > 0) this.#probeLater()
  }

  /** Before the first slice, and after some time: a new one. Nobody waits for it. */
  #want(ask: Ask): void {
    const { key } = ask
    const held = this.#slices.get(key)
    if (this.#busy.has(key) || (!held && this.#slices.size >= SLICES_MAX)) return
    if (held && (!held.isFree || performance.now() - held.takenAt < SLICE_AGE_MS)) return
    void this.#take(ask, held)
  }

  async #take(ask: Ask, held: Slice | undefined): Promise<void> {
    const { key } = ask
    const wanted = sliceAsk(ask)
    this.#busy.add(key)
    try {
      // The old one stays in use should the store go away between the two calls.
      const decision = await this.#shared.reserve([wanted], SLICE_LEASE_MS)
      if (held?.isFree === false) {
        // It came into use meanwhile, and is booked when that is over.
        if (decision.admitted) await this.#shared.settle(decision.lease, [0])
        return
      }
      this.#slices.delete(key)
      this.#dirty.delete(key)
      if (decision.admitted) {
        const { resetMs } = decision.states[0]!
        this.#slices.set(key, new Slice(decision.lease, wanted.amount, performance.now(), resetMs))
      }
      if (held) await this.#shared.settle(held.lease, [held.used])
    } catch (error) {
      if (!(error instanceof CounterUnavailableError)) throw error
    } finally {
      this.#busy.delete(key)
    }
  }

  async #giveBack(asks: readonly Ask[]): Promise<boolean> {
    let isAny = false
    for (const { key } of asks) {
      const slice = this.#slices.get(key)
      if (!slice?.isFree || this.#busy.has(key)) continue
      isAny = true
      await this.#return(key, slice)
    }
    return isAny
  }

  async #return(key: string, slice: Slice): Promise<void> {
    this.#slices.delete(key)
    this.#dirty.delete(key)
    await this.#shared.settle(slice.lease, [slice.used])
  }
}

class SliceLease implements Lease {
  readonly asks: readonly Ask[]
  readonly amounts: readonly number[]
  readonly slices: readonly Slice[]
  isSettled = false

  constructor(asks: readonly Ask[], amounts: readonly number[], slices: readonly Slice[]) {
    this.asks = asks
    this.amounts = amounts
    this.slices = slices
  }
}
