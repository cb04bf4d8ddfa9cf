// When a thread can serve what it was first given: all of it is applied, and the secrets that it refers to are there.

export class FirstLoad {
  readonly #over = Promise.withResolvers<void>()
  #isOver = false
  #isApplied = false

  get isOver(): boolean {
    return this.#isOver
  }

  /** Once something was applied: whether its secrets are still being looked up. */
  get isWaiting(): boolean {
    return this.#isApplied && !this.#isOver
  }

  /** To be called after each step of the configuration. */
  applied(lacksSecrets: boolean): void {
    this.#isApplied = true
    if (lacksSecrets) return
    this.#isOver = true
    this.#over.resolve()
  }

  /** Resolves when it is over, or after `timeoutMs`. */
  async wait(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    await Promise.race([this.#over.promise, promise])
    clearTimeout(timer)
  }
}
