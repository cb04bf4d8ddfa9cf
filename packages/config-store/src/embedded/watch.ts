// One watch of the embedded store: a cursor in the log of changes.
import type { StoreWatch, WatchListener, WatchLoss } from '../store.ts'
import type { Database } from './database.ts'

/** How much of a backlog is delivered in one turn of the event loop. */
const REVISIONS_PER_TURN = 100

/** An empty store is at revision 1. */
const FIRST_CHANGE = 2

export class EmbeddedWatch implements StoreWatch {
  readonly #db: Database
  readonly #listener: WatchListener
  readonly #onOver: (watch: EmbeddedWatch) => void
  #next: number
  #opened = false
  #scheduled: NodeJS.Immediate | undefined
  #over = false

  constructor(
    db: Database,
    fromRevision: number,
    listener: WatchListener,
    onOver: (watch: EmbeddedWatch) => void,
  ) {
    this.#db = db
    this.#next = fromRevision
    this.#listener = listener
    this.#onOver = onOver
    this.wake()
  }

  /** There may be something new: looks in the next turn of the event loop. */
  wake(): void {
    if (!this.#over) this.#scheduled ??= setImmediate(() => this.#deliver())
  }

  close(): void {
    this.#over = true
    clearImmediate(this.#scheduled)
    this.#onOver(this)
  }

  fail(message: string): void {
    this.#lose('unavailable', message)
  }

  #deliver(): void {
    this.#scheduled = undefined
    try {
      this.#deliverNext()
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error))
    }
  }

  #deliverNext(): void {
    const newest = this.#db.revision()
    const last = Math.min(newest, this.#next + REVISIONS_PER_TURN - 1)
    const changes = this.#db.changes(this.#next, last)
    if (this.#next > newest + 1) {
      this.#lose('rewound', `the store is at revision ${newest}, behind ${this.#next - 1}`)
      return
    }
    // Looked at after the changes were read: another process may trim the log at any moment.
    if (Math.max(this.#next, FIRST_CHANGE) < this.#db.oldestRevision()) {
      this.#lose('compacted', `the changes of revision ${this.#next} are no longer kept`)
      return
    }
    if (!this.#opened) {
      this.#opened = true
      this.#listener.onOpen?.(newest)
    }
    if (this.#over || this.#next > newest) return
    this.#next = last + 1
    if (last < newest) this.wake()
    this.#listener.onChanges(changes, last)
  }

  #lose(kind: WatchLoss['kind'], message: string): void {
    if (this.#over) return
    this.close()
    this.#listener.onLost({ kind, message })
  }
}
