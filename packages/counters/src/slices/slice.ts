// A part of an account's quota that one worker has reserved ahead, to serve from while the shared store is away.
import type { AccountState, Ask, Lease } from '../store.ts'
import { grantedAmount, isAdmitted } from '../window/admission.ts'

/** A slice is this part of the limit, at least 1 unit. */
const SLICE_SHARE = 0.05
/** Slices are taken while no more than this part of the limit is taken, so that they do not lock up its rest. */
const FREE_SHARE = 0.5

export function sliceOf(limit: number): number {
  return Math.max(1, Math.floor(limit * SLICE_SHARE))
}

/** What asks the shared store for a slice. */
export function sliceAsk(ask: Ask): Ask {
  const { key, limit, windowSeconds } = ask
  const amount = sliceOf(limit)
  const upTo = Math.max(amount, Math.floor(limit * FREE_SHARE))
  return { key, limit: upTo, windowSeconds, amount, admission: 'fits' }
}

export class Slice {
  readonly lease: Lease
  readonly size: number
  /** Milliseconds (performance.now()). */
  readonly takenAt: number
  #used = 0
  #reserved = 0
  #windowEndsAt: number

  constructor(lease: Lease, size: number, now: number, resetMs: number) {
    this.lease = lease
    this.size = size
    this.takenAt = now
    this.#windowEndsAt = now + resetMs
  }

  /** In the window that is open. */
  get used(): number {
    return performance.now() < this.#windowEndsAt ? this.#used : 0
  }

  /** Whether nobody is under way on it. */
  get isFree(): boolean {
    return this.#reserved === 0
  }

  /** What it has room for; undefined when it refuses. A window that ends meanwhile makes all of it free again. */
  granted(ask: Ask, now: number): number | undefined {
    if (now >= this.#windowEndsAt) {
      this.#used = 0
      this.#windowEndsAt = now + ask.windowSeconds * 1000
    }
    const here = { ...ask, limit: Math.min(this.size, ask.limit) }
    if (!isAdmitted(here, this.#used, this.#reserved)) return undefined
    return grantedAmount(here, this.#used, this.#reserved)
  }

  /** The account as a request is told of it: what is left is what is left of the slice. */
  stateFor(ask: Ask, now: number): AccountState {
    const left = this.size - this.#used - this.#reserved
    const used = Math.max(0, ask.limit - Math.max(0, left))
    return { limit: ask.limit, used, reserved: 0, resetMs: Math.max(0, this.#windowEndsAt - now) }
  }

  reserve(amount: number): void {
    this.#reserved += amount
  }

  settle(amount: number, used: number): void {
    this.#reserved -= amount
    this.#used += used
  }

  forget(): void {
    this.#used = 0
  }
}
