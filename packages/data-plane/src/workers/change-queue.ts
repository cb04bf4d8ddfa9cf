// Applies large batches of changes a few at a time, so that requests are served in between.
import type { StoreChange } from '@weir/config-store'

/** Changes of one turn of the event loop: about ten milliseconds' worth. */
const SLICE = 200

interface Batch {
  readonly changes: readonly StoreChange[]
  readonly revision: number
}

export class ChangeQueue {
  readonly #apply: (changes: readonly StoreChange[], revision: number) => void
  readonly #batches: Batch[] = []
  #isFirst = true

  /** `apply` is told of every batch in order, at last with the batch's revision. */
  constructor(apply: (changes: readonly StoreChange[], revision: number) => void) {
    this.#apply = apply
  }

  /** The first load is applied at once, as nothing can be served before it, and so is what is small. */
  add(changes: readonly StoreChange[], revision: number): void {
    const isSmall = changes.length <= SLICE && this.#batches.length === 0
    if (this.#isFirst || isSmall) {
      this.#isFirst = false
      this.#apply(changes, revision)
      return
    }
    if (this.#batches.length === 0) setImmediate(() => this.#next())
    this.#batches.push(...slices(changes, revision))
  }

  #next(): void {
    const batch = this.#batches.shift()
    if (!batch) return
    this.#apply(batch.changes, batch.revision)
    if (this.#batches.length > 0) setImmediate(() => this.#next())
  }
}

/** Changes of one revision stay together; each slice brings the state of its last revision. */
function slices(changes: readonly StoreChange[], revision: number): Batch[] {
  const batches: Batch[] = []
  let start = 0
  while (changes.length - start > SLICE) {
    let end = start + SLICE
    while (end < changes.length && changes[end]?.revision === changes[end - 1]?.revision) end += 1
    const last = changes[end - 1]
    if (!last || end === changes.length) break
    batches.push({ changes: changes.slice(start, end), revision: last.revision })
    start = end
  }
  batches.push({ changes: changes.slice(start), revision })
  return batches
}
