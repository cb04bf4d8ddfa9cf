// What the main thread knows of one target of one checker.
import { afterEvent, type HealthEvent, type HealthState, initialHealth, isUsable } from './state-machine.ts'
import type { Slot, VerdictTable } from './verdict-table.ts'
import type { HealthTarget } from './view.ts'

export interface LastProbe {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly result: 'success' | 'http' | 'tcp' | 'timeout' | 'ignored'
  readonly reason: string
}

export class TargetRecord {
  readonly target: HealthTarget
  readonly #table: VerdictTable
  readonly #slot: Slot | undefined
  #health = initialHealth
  lastProbe: LastProbe | undefined = undefined
  probing = false
  /** Milliseconds (monotonic) at which it is forgotten; undefined while it is wanted. */
  forgetAt: number | undefined = undefined

  constructor(target: HealthTarget, table: VerdictTable) {
    this.target = target
    this.#table = table
    this.#slot = table.allocate(initialHealth.state)
  }

  get slot(): Slot | undefined {
    return this.#slot
  }

  get health(): typeof initialHealth {
    return this.#health
  }

  get state(): HealthState {
    return this.#health.state
  }

  /** Whether the verdict, usable or not, is another one now. */
  apply(event: HealthEvent, limit: number): boolean {
    const before = this.#health
    this.#health = afterEvent(before, event, limit)
    if (this.#health.state === before.state) return false
    if (this.#slot) this.#table.write(this.#slot, this.#health.state)
    return isUsable(this.#health.state) !== isUsable(before.state)
  }

  dispose(): void {
    if (this.#slot) this.#table.free(this.#slot.word)
  }
}

export function targetKey({ host, port, hostname }: HealthTarget): string {
  return `${host} ${port} ${hostname}`
}
