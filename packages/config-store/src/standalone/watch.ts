// One watch of a standalone store.
import type { StoreChange, StoreWatch, WatchListener, WatchLoss } from '../store.ts'

/** What a watch asks of its store. */
interface Watched {
  revision(): number
  over(watch: StandaloneWatch): void
}

/** Keeps no history: a watch that begins later than its list sends its listener to list again. */
export class StandaloneWatch implements StoreWatch {
  readonly #listener: WatchListener
  readonly #watched: Watched
  readonly #opening: NodeJS.Immediate
  #next: number
  #isOver = false

  constructor(fromRevision: number, listener: WatchListener, watched: Watched) {
    this.#next = fromRevision
    this.#listener = listener
    this.#watched = watched
    this.#opening = setImmediate(() => this.#open())
  }

  close(): void {
    this.#isOver = true
    clearImmediate(this.#opening)
    this.#watched.over(this)
  }

  deliver(changes: readonly StoreChange[], revision: number): void {
    // What comes before the watch is open is found missing when it opens; what was listed is not news.
    if (this.#isOver || !this.#isOpen || revision < this.#next) return
    this.#listener.onChanges(changes, revision)
  }

  lose(kind: WatchLoss['kind'], message: string): void {
    if (this.#isOver) return
    this.close()
    this.#listener.onLost({ kind, message })
  }

  #isOpen = false

  #open(): void {
    const newest = this.#watched.revision()
    if (this.#next !== newest + 1) {
      this.lose('compacted', `the changes of revision ${this.#next} are no longer kept`)
      return
    }
    this.#isOpen = true
    this.#listener.onOpen?.(newest)
  }
}
