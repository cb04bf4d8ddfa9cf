// Lets go of what configuration no longer uses only when the requests that began with it are over.

/** The requests that began between two changes. */
class Generation {
  active = 0
  readonly retired: (() => void)[] = []
}

/** A request's place among the generations; give it back to `leave`. */
export type Stay = Generation

/**
 * A request costs one increment and one decrement. What is retired waits for all requests that began before,
 * since any of them may still hold it.
 */
export class Generations {
  /** The oldest first; the last one takes new requests. */
  readonly #generations: Generation[] = [new Generation()]

  enter(): Stay {
    const generation = this.#generations[this.#generations.length - 1]!
    generation.active += 1
    return generation
  }

  leave(stay: Stay): void {
    stay.active -= 1
    if (stay.active === 0 && this.#generations.length > 1) this.#sweep()
  }

  /** Calls `dispose` as soon as no request that is under way now can still use what it disposes of. */
  retire(dispose: () => void): void {
    this.#generations.at(-1)?.retired.push(dispose)
  }

  /** To be called after a change: requests that begin from now on hold nothing that was retired. */
  advance(): void {
    const last = this.#generations.at(-1)
    if (!last || last.retired.length === 0) return
    this.#generations.push(new Generation())
    this.#sweep()
  }

  #sweep(): void {
    while (this.#generations.length > 1 && this.#generations[0]?.active === 0) {
      const over = this.#generations.shift()
      for (const dispose of over?.retired ?? []) dispose()
    }
  }
}
