// The sums of a report, and the samples by which a store is recognised.
import type { StoreEntry } from '@weir/config-store'
import type { Assessment, Fault, Verdict } from '../survey/verdict.ts'
import type { Outcome } from './copy.ts'
import type { Sums } from './report.ts'

/** As many documents as tell one store's history from another's. */
const SAMPLES_MAX = 8

export class Tally {
  readonly samples: StoreEntry[] = []
  readonly #verdicts: Record<Verdict, number> = { runs: 0, differs: 0, refused: 0 }
  readonly #faults: Record<Fault, number> = { invalid: 0, undecryptable: 0, withheld: 0 }
  readonly #copies = new Map<Outcome, number>()

  add(entry: StoreEntry, { verdict, fault }: Assessment, copy?: Outcome): void {
    this.#verdicts[verdict] += 1
    if (fault !== undefined) this.#faults[fault] += 1
    if (copy !== undefined) this.#copies.set(copy, (this.#copies.get(copy) ?? 0) + 1)
    if (this.samples.length < SAMPLES_MAX) this.samples.push(entry)
  }

  get undecryptable(): number {
    return this.#faults.undecryptable
  }

  /** Whether everything runs, and everything that was to be copied is there now. */
  get isFine(): boolean {
    return this.#verdicts.refused === 0 && !this.#copies.has('kept') && !this.#copies.has('left out')
  }

  get sums(): Sums {
    const { runs, differs, refused } = this.#verdicts
    return { documents: runs + differs + refused, verdicts: this.#verdicts, copies: this.#copies }
  }
}
