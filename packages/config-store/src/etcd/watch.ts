// One watch of etcd, from its opening to its loss. It never reconnects: its owner knows better what to do then.
import type { IWatchResponse } from 'etcd3'
import type { StoreWatch, WatchListener, WatchLoss } from '../store.ts'
import type { EtcdCluster, WatchStream } from './cluster.ts'
import type { KeySpace } from './entries.ts'

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
  #stream: WatchStream | undefined
  #over = false

  constructor(
    cluster: EtcdCluster,
    keys: KeySpace,
    fromRevision: number,
    listener: WatchListener,
    openTimeoutMs: number,
  ) {
    this.#keys = keys
    this.#fromRevision = fromRevision
    this.#listener = listener
    this.#openTimer = setTimeout(() => {
      cluster.moveOn()
      this.#lose('unavailable', `etcd did not open the watch within ${openTimeoutMs / 1000} s`)
    }, openTimeoutMs)
    void this.#open(cluster)
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#openTimer)
    this.#stream?.cancel()
  }

  async #open(cluster: EtcdCluster): Promise<void> {
    const fail = (error: Error) => {
      if (this.#over) return
      cluster.moveOn()
      this.#lose('unavailable', error.message)
    }
    try {
      const stream = await cluster.openWatch()
      stream.on('error', fail)
      stream.on('end', () => fail(new Error('etcd ended the watch')))
      stream.on('data', (response) => this.#receive(response, fail))
      this.#stream = stream
      if (this.#over) {
        stream.cancel()
        return
      }
      stream.write({
        create_request: {
          ...this.#keys.rangeOf('/'),
          start_revision: this.#fromRevision,
          progress_notify: true,
        },
      })
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #receive(response: IWatchResponse, fail: (error: Error) => void): void {
    if (this.#over) return
    const newest = Number(response.header.revision)
    if (response.canceled) {
      const compacted = Number(response.compact_revision) > 0
      if (compacted) this.#lose('compacted', `etcd compacted its history up to ${response.compact_revision}`)
      else fail(new Error(`etcd canceled the watch: ${response.cancel_reason}`))
    } else if (response.created) {
      clearTimeout(this.#openTimer)
      // A store that was wiped or restored would keep the watch waiting until it reaches the old revision.
      if (newest < this.#fromRevision - 1) {
        this.#lose('rewound', `etcd is at revision ${newest}, behind ${this.#fromRevision - 1}`)
      } else {
        this.#listener.onOpen?.(newest)
      }
    } else {
      const changes = this.#keys.toChanges(response.events)
      // The header tells the newest revision of the store, which later responses of a backlog have yet to reach.
      this.#listener.onChanges(changes, changes.at(-1)?.revision ?? newest)
    }
  }

  #lose(kind: WatchLoss['kind'], message: string): void {
    if (this.#over) return
    this.close()
    this.#listener.onLost({ kind, message })
  }
}
