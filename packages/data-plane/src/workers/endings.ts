// What plugins still have to send or write when a thread ends.

/** Milliseconds that the end waits for it. */
const endMs = 5000

type Finish = () => Promise<void>

export class Endings {
  readonly #finishes = new Set<Finish>()

  /** The returned function takes it back. */
  add(finish: Finish): () => void {
    this.#finishes.add(finish)
    return () => void this.#finishes.delete(finish)
  }

  /** Resolves when all are done, or have failed, or the time is over. */
  async finish(): Promise<void> {
    if (this.#finishes.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, endMs)
    const all = Promise.allSettled(Array.from(this.#finishes, (finish) => finish()))
    await Promise.race([all, promise])
    clearTimeout(timer)
  }
}
