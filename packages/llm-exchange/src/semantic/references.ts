// The vectors of all instances' examples: asked for in one call, and kept for an hour.
import type { Embed, UnitVector } from './embeddings-client.ts'

const keptMs = 3_600_000

export class References {
  readonly #embed: Embed
  /** By instance. */
  readonly #examples: readonly (readonly string[])[]
  readonly #now: () => number
  #vectors: readonly (readonly UnitVector[])[] = []
  #validUntilMs = 0
  /** Requests that need them at once share the asking. */
  #asking: Promise<readonly (readonly UnitVector[])[]> | undefined = undefined

  constructor(embed: Embed, examples: readonly (readonly string[])[], now: () => number) {
    this.#embed = embed
    this.#examples = examples
    this.#now = now
  }

  /** By instance, in the order of the configuration. */
  get(): Promise<readonly (readonly UnitVector[])[]> {
    if (this.#now() < this.#validUntilMs) return Promise.resolve(this.#vectors)
    return (this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    }))
  }

  async #ask(): Promise<readonly (readonly UnitVector[])[]> {
    const vectors = await this.#embed(this.#examples.flat())
    let start = 0
    this.#vectors = this.#examples.map(({ length }) => vectors.slice(start, (start += length)))
    this.#validUntilMs = this.#now() + keptMs
    return this.#vectors
  }
}
