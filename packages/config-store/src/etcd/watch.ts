// One watch of etcd, from its opening to its loss. It never reconnects: its owner knows better what to do then.
import type { IWatchResponse } from 'etcd3'
import type { StoreWatch, WatchListener, WatchLoss } from '../store.ts'
import type { EtcdCluster, OpenedWatch } from './cluster.ts'
import type { KeySpace } from './entries.ts'

/** etcd opens a watch at once, whatever there is to replay; silence means that nobody is there. */
const OPEN_TIMEOUT_MS = 5_000

/**
 * Speaks the watch protocol on a stream of its own. etcd3's Watcher is not used: after a response it goes on from
 * the store's revision instead of the last event's, which loses events when a backlog arrives in several responses
 * and the connection breaks between them.
 */
export class EtcdWatch implements StoreWatch {
  readonly #keys: KeySpace
  readonly #fromRevision: number
  readonly #listener: WatchListener
  readonly #openTimer: NodeJS.Timeout
  #opened: OpenedWatch | undefined
  #over = false

  constructor(cluster: EtcdCluster, keys: KeySpace, fromRevision: number, listener: WatchListener) {
    this.#keys = keys
    this.#fromRevision = fromRevision
    this.#listener = listener
    this.#openTimer = setTimeout(
      () => this.#fail(`etcd did not open the watch within ${OPEN_TIMEOUT_MS / 1000} s`),
      OPEN_TIMEOUT_MS,
    )
    void this.#open(cluster)
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#openTimer)
    this.#opened?.stream.cancel()
  }

  async #open(cluster: EtcdCluster): Promise<void> {
    try {
      this.#opened = await cluster.openWatch(OPEN_TIMEOUT_MS)
      const { stream } = this.#opened
      // First of all: an error without a listener ends the process. A cancelled stream has one more to tell.
      stream.on('error', (error) => this.#fail(error.message))
      stream.on('end', () => this.#fail('etcd ended the watch'))
      stream.on('data', (response) => this.#receive(response))
      if (this.#over) {
        stream.cancel()
        return
      }
      const range = this.#keys.rangeOf('/')
      stream.write({
        create_request: { ...range, start_revision: this.#startRevision, progress_notify: true },
      })
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
    }
  }

  /**
   * One revision early. A compaction up to C keeps what was written at C, but not what was deleted at C, and still
   * allows a watch from C: it would miss the deletions without a word. Asked for C - 1, etcd says that it is gone.
   * (0 would mean "from now on".)
   */
  get #startRevision(): number {
    return Math.max(this.#fromRevision - 1, 1)
  }

  #receive(response: IWatchResponse): void {
    if (this.#over) return
    const newest = Number(response.header.revision)
    if (response.canceled) {
      const compacted = Number(response.compact_revision) > 0
      if (compacted) this.#lose('compacted', `etcd compacted its history up to ${response.compact_revision}`)
      else this.#fail(`etcd canceled the watch: ${response.cancel_reason}`)
    } else if (response.created) {
      clearTimeout(this.#openTimer)
      // A store that was wiped or restored would keep the watch waiting until it reaches the old revision.
      if (newest < this.#fromRevision - 1) {
        this.#lose('rewound', `etcd is at revision ${newest}, behind ${this.#fromRevision - 1}`)
      } else {
        this.#listener.onOpen?.(newest)
      }
    } else {
      const changes = this.#keys
        .toChanges(response.events)
        .filter(({ revision }) => revision >= this.#fromRevision)
      const last = changes.at(-1)
      // The last event's revision, not the header's: that is the store's newest, which later responses of a backlog
      // have yet to reach. Without an event the response is only a sign of life.
      if (last) this.#listener.onChanges(changes, last.revision)
    }
  }

  #fail(message: string): void {
    if (this.#over) return
    this.#opened?.giveUp()
    this.#lose('unavailable', message)
  }

  #lose(kind: WatchLoss['kind'], message: string): void {
    if (this.#over) return
    this.close()
    this.#listener.onLost({ kind, message })
  }
}
