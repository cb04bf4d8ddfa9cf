// Applies large batches of changes a few at a time, so that requests are served in between.
import type { StoreChange } from '@weir/config-store'

/** Changes that are applied between two looks at the clock: about five milliseconds' worth at the worst. */
const SLICE = 100
/** A turn of the event loop takes as many slices as fit. */
const TURN_MS = 5

interface Batch {
  readonly changes: readonly StoreChange[]
  readonly revision: number
  /** A first load comes in the order of its keys: it brings no revision before its end. */
  readonly isFirst: boolean
  /** How many of the changes are applied. */
  done: number
}

export class ChangeQueue {
  readonly #apply: (changes: readonly StoreChange[], revision: number) => void
  readonly #batches: Batch[] = []
  #idle = Promise.withResolvers<void>()
  #isFirst = true
  #isScheduled = false

  /** `apply` is told of every batch in order, at last with the batch's revision. */
  constructor(apply: (changes: readonly StoreChange[], revision: number) => void) {
    this.#apply = apply
    this.#idle.resolve()
  }

  /** Whether all that was added is applied; `apply` may ask, too. */
  get isIdle(): boolean {
    return this.#batches.length === 0
  }

  /** Resolves when all that was added is applied. */
  idle(): Promise<void> {
    return this.#idle.promise
  }

  /** What is small is applied at once. */
  add(changes: readonly StoreChange[], revision: number): void {
    const isFirst = this.#isFirst
    this.#isFirst = false
    if (this.isIdle && changes.length <= SLICE) {
      this.#apply(changes, revision)
      return
    }
    if (this.isIdle) this.#idle = Promise.withResolvers()
    this.#batches.push({ changes, revision, isFirst, done: 0 })
    this.#schedule()
  }

  /** Applies at once all that was added. */
  flush(): void {
    this.#applyUntil(Infinity)
  }

  /** One turn at a time, though what was waited for may be flushed meanwhile. */
  #schedule(): void {
    if (this.#isScheduled || this.isIdle) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#applyUntil(performance.now() + TURN_MS)
      this.#schedule()
    })
  }

  #applyUntil(deadline: number): void {
    for (let batch = this.#batches[0]; batch; batch = this.#batches[0]) {
      const { changes, revision, isFirst, done } = batch
      const end = endOfSlice(changes, done)
      batch.done = end
      if (end === changes.length) {
        this.#batches.shift()
        this.#apply(changes.slice(done), revision)
      } else {
        this.#apply(changes.slice(done, end), isFirst ? 0 : (changes[end - 1]?.revision ?? 0))
      }
      if (this.isIdle) this.#idle.resolve()
      if (performance.now() >= deadline) return
    }
  }
}

/** Changes of one revision stay together; each slice brings the state of its last revision. */
function endOfSlice(changes: readonly StoreChange[], start: number): number {
  let end = Math.min(start + SLICE, changes.length)
  while (end < changes.length && changes[end]?.revision === changes[end - 1]?.revision) end += 1
  return end
}
