// Values by host: exact names by hash, wildcards from the longest suffix to the shortest (routing.md §2.4).
import { type Place, PrefixTree } from './prefix-tree.ts'

export class HostTable<V> {
  readonly #exact = new Map<string, V>()
  /** What follows the `*`, backwards, since a suffix is a prefix read from the end. */
  readonly #wildcards = new PrefixTree<V>()
  #wildcardCount = 0

  /** The value of a host pattern, made if there is none yet. */
  open(pattern: string, create: () => V): V {
    const known = this.get(pattern)
    if (known !== undefined) return known
    const value = create()
    const text = pattern.toLowerCase()
    if (text.startsWith('*')) {
      this.#wildcards.set(reverse(text.slice(1)), value)
      this.#wildcardCount += 1
    } else this.#exact.set(text, value)
    return value
  }

  get(pattern: string): V | undefined {
    const text = pattern.toLowerCase()
    return text.startsWith('*') ? this.#wildcards.get(reverse(text.slice(1))) : this.#exact.get(text)
  }

  /** Only for patterns that are there. */
  delete(pattern: string): void {
    const text = pattern.toLowerCase()
    if (text.startsWith('*')) {
      this.#wildcards.delete(reverse(text.slice(1)))
      this.#wildcardCount -= 1
    } else this.#exact.delete(text)
  }

  exact(host: string): V | undefined {
    return this.#exact.get(host)
  }

  /** Asks the wildcards that cover `host`, the longest first, until one answers. */
  climb<R>(host: string, ask: (value: V) => R | undefined): R | undefined {
    if (this.#wildcardCount === 0) return undefined
    let place: Place<V> | undefined = this.#wildcards.descend(reverse(host))
    for (; place; place = place.parent) {
      const answer = place.value === undefined ? undefined : ask(place.value)
      if (answer !== undefined) return answer
    }
    return undefined
  }
}

function reverse(text: string): string {
  let reversed = ''
  for (let i = text.length - 1; i >= 0; i -= 1) reversed += text[i]
  return reversed
}
