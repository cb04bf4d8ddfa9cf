// The view that holders are given, in whatever thread.
import { passiveRules, type Outcome, type Rules } from './rules.ts'
import { healthStates, type HealthEvent } from './state-machine.ts'
import type { Slot, VerdictReader } from './verdict-table.ts'
import type { HealthView, HealthWanted } from './view.ts'

/** Where the verdicts of one holder's targets are, in the targets' order. */
export interface Placement {
  /** Undefined where the table had no room. */
  readonly slots: readonly (Slot | undefined)[]
  readonly version: number | undefined
}

/** What a view asks of whoever owns the checkers. */
export interface ViewOwner {
  /** `limit`: how many such events decide. */
  report(index: number, event: HealthEvent, limit: number): void
  release(): void
}

const usableStatesEnd = healthStates.indexOf('mostly_unhealthy')
const fullyUnhealthy = healthStates.indexOf('unhealthy')

export class VerdictView implements HealthView {
  readonly #reader: VerdictReader
  readonly #owner: ViewOwner
  readonly #rules: Rules
  readonly #size: number
  #placement: Placement | undefined
  #released = false

  constructor(reader: VerdictReader, wanted: HealthWanted, owner: ViewOwner, placement?: Placement) {
    this.#reader = reader
    this.#owner = owner
    this.#rules = passiveRules(wanted.checks)
    this.#size = wanted.targets.length
    this.#placement = placement
  }

  place(placement: Placement): void {
    this.#placement = placement
  }

  isUsable(index: number): boolean {
    return this.#stateOf(index) < usableStatesEnd
  }

  anyUsable(): boolean {
    for (let index = 0; index < this.#size; index++) if (this.isUsable(index)) return true
    return false
  }

  /** 0 while not yet known. */
  get version(): number {
    const word = this.#placement?.version
    return word === undefined ? 0 : this.#reader.versionAt(word) + 1
  }

  report(index: number, outcome: Outcome): void {
    if (this.#released) return
    const event = this.#rules.eventOf(outcome)
    if (event === undefined) return
    // What the target is fully already counts for nothing, which spares a message on nearly every request.
    if (this.#stateOf(index) === (event === 'success' ? 0 : fullyUnhealthy)) return
    this.#owner.report(index, event, this.#rules.limitOf(event))
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#owner.release()
  }

  #stateOf(index: number): number {
    const slot = this.#placement?.slots[index]
    return slot ? this.#reader.stateAt(slot) : 0
  }
}
