// What was delivered so far, as far as it takes to tell what is new.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { digest } from './digest.ts'
import type { StoreChange, StoreEntry } from './store.ts'

/** Comparing as many documents of 1 KB takes about 5 ms. */
const ENTRIES_PER_TURN = 2_000

interface Known {
  readonly modRevision: number
  /** A store that was wiped and filled again may have another value at the same revision. */
  readonly digest: number
}

export class KnownKeys {
  readonly #known = new Map<string, Known>()
  #last: StoreChange | undefined

  /** The newest change that is contained. */
  get last(): StoreChange | undefined {
    return this.#last
  }

  /** Takes over events; answers those that are news. */
  apply(changes: readonly StoreChange[]): readonly StoreChange[] {
    this.#last = changes.at(-1) ?? this.#last
    return changes.filter((change) => this.#apply(change))
  }

  /** Becomes what a list of `revision` says; answers the difference, in any order. */
  async replace(entries: readonly StoreEntry[], revision: number): Promise<readonly StoreChange[]> {
    const gone = new Set(this.#known.keys())
    const news: StoreChange[] = []
    let last: StoreChange | undefined
    for (const [index, entry] of entries.entries()) {
      if (index % ENTRIES_PER_TURN === 0) await nextTurn()
      const put: StoreChange = { type: 'put', key: entry.key, revision: entry.modRevision, entry }
      if (this.#apply(put)) news.push(put)
      if (!last || put.revision > last.revision) last = put
      gone.delete(entry.key)
    }
    for (const key of gone) {
      this.#known.delete(key)
      news.push({ type: 'delete', key, revision })
    }
    this.#last = last
    return news
  }

  #apply(change: StoreChange): boolean {
    if (change.type === 'delete') return this.#known.delete(change.key)
    const { key, modRevision, value } = change.entry
    const known = this.#known.get(key)
    const next = { modRevision, digest: digest(value) }
    if (known?.modRevision === modRevision && known.digest === next.digest) return false
    this.#known.set(key, next)
    return true
  }
}
