// Values that plugins keep across edits of their configuration: balancers, learned ratios, health views.

interface KeptValue {
  readonly fingerprint: string
  readonly value: object
  holders: number
}

/** What one plugin configuration holds. */
export interface Holder {
  readonly keep: <T extends object>(key: string, fingerprint: string, create: () => T) => T
  /** Gives everything back; what nobody else holds is disposed of. */
  readonly release: () => void
}

export class KeptValues {
  readonly #values = new Map<string, KeptValue>()

  /** `scope` separates owners: equal keys in two scopes are two values. */
  holder(scope: string): Holder {
    const held = new Map<string, KeptValue>()
    return {
      keep: <T extends object>(key: string, fingerprint: string, create: () => T) => {
        const name = `${scope} ${key}`
        let kept = held.get(name)
        if (kept?.fingerprint !== fingerprint) {
          if (kept) this.#giveBack(name, kept)
          kept = this.#take(name, fingerprint, create)
          held.set(name, kept)
        }
        // The same name and fingerprint stand for the same type: both belong to one plugin.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return kept.value as T
      },
      release: () => {
        for (const [name, kept] of held) this.#giveBack(name, kept)
        held.clear()
      },
    }
  }

  #take(name: string, fingerprint: string, create: () => object): KeptValue {
    let kept = this.#values.get(name)
    if (kept?.fingerprint !== fingerprint) {
      // The previous value, if any, stays with those who hold it and ends with them.
      kept = { fingerprint, value: create(), holders: 0 }
      this.#values.set(name, kept)
    }
    kept.holders += 1
    return kept
  }

  #giveBack(name: string, kept: KeptValue): void {
    kept.holders -= 1
    if (kept.holders > 0) return
    if (this.#values.get(name) === kept) this.#values.delete(name)
    const { value } = kept
    if ('dispose' in value && typeof value.dispose === 'function') value.dispose()
  }
}
