// A serving thread's copy of the secrets that its configuration refers to.
import type { SecretLink, SecretNews, SecretState } from './link.ts'

export class SecretClient {
  readonly #link: SecretLink
  readonly #states = new Map<string, SecretState>()
  /** How often each reference is held. */
  readonly #holders = new Map<string, number>()
  readonly #touched = new Set<string>()
  readonly #asked = new Set<string>()

  constructor(link: SecretLink, changed: (references: readonly string[]) => void) {
    this.#link = link
    link.listen((news) => changed(this.#learn(news)))
  }

  find(reference: string): SecretState {
    return this.#states.get(reference) ?? 'pending'
  }

  hold(reference: string): void {
    this.#holders.set(reference, (this.#holders.get(reference) ?? 0) + 1)
    this.#touch(reference)
  }

  release(reference: string): void {
    const left = (this.#holders.get(reference) ?? 0) - 1
    if (left > 0) this.#holders.set(reference, left)
    else this.#holders.delete(reference)
    this.#touch(reference)
  }

  /** Wishes go out together, after what is being done. */
  #touch(reference: string): void {
    if (this.#touched.size === 0) queueMicrotask(() => this.#send())
    this.#touched.add(reference)
  }

  #send(): void {
    const wanted: string[] = []
    const released: string[] = []
    for (const reference of this.#touched) {
      const isHeld = this.#holders.has(reference)
      if (isHeld === this.#asked.has(reference)) continue
      if (isHeld) {
        this.#asked.add(reference)
        wanted.push(reference)
      } else {
        this.#asked.delete(reference)
        this.#states.delete(reference)
        released.push(reference)
      }
    }
    this.#touched.clear()
    if (wanted.length + released.length > 0) this.#link.wish({ wanted, released })
  }

  /** News of what was released in the meantime is no news. */
  #learn(news: SecretNews): readonly string[] {
    const changed: string[] = []
    for (const [reference, value] of news) {
      if (!this.#asked.has(reference)) continue
      this.#states.set(reference, value === undefined ? 'unresolved' : { value })
      changed.push(reference)
    }
    return changed
  }
}
