// Settlements that Redis has not taken yet, because it was away or did not answer: told again when it is back.
import type { Ask } from '../store.ts'

/** Beyond so many the oldest are dropped; their reservations expire by themselves. */
const OWED_MAX = 10_000

export interface Settlement {
  readonly lease: string
  readonly asks: readonly Ask[]
  /** What is reserved; undefined when the answer that would have told it did not come. */
  readonly amounts: readonly number[] | undefined
  readonly used: readonly number[]
  /** Redis may have taken it already. */
  readonly mayBeDone: boolean
  /** Milliseconds (performance.now()) after which it is too late to matter. */
  readonly until: number
}

export class OwedSettlements {
  #waiting: Settlement[] = []

  add(settlement: Settlement): void {
    if (this.#waiting.length >= OWED_MAX) this.#waiting.shift()
    this.#waiting.push(settlement)
  }

  /** All that still matter; they are no longer waiting. */
  takeAll(): Settlement[] {
    const now = performance.now()
    const taken = this.#waiting.filter(({ until }) => until > now)
    this.#waiting = []
    return taken
  }
}
