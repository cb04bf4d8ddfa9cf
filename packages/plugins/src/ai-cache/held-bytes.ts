// How much memory the cache may hold: answers that are being recorded, and those that are on their way to Redis.

/** Of one worker, over all configurations. What would be more is not kept. */
const heldBytesMax = 64 * 1024 * 1024

export class HeldBytes {
  readonly #max: number
  #held = 0

  constructor(max = heldBytesMax) {
    this.#max = max
  }

  /** Whether there was room. What was taken has to be given back. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#max) return false
    this.#held += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#held -= bytes
  }
}
