// One secret of one manager: read when it is first wanted and again before its time is over.
import { type JsonObject, timerMsMax } from '@weir/contract'

/** `absent`: the manager says that there is none. `unknown`: it has never said anything. */
export type Members = JsonObject | 'pending' | 'absent' | 'unknown'

/** How long something is waited for that has never been read. Reading goes on after it. */
const PENDING_MS_MAX = 6000

/** Reading again begins between these parts of the cache time, so that not all do at once and all are done in time. */
const EARLIEST = 0.8
const LATEST = 0.95

export interface KeptSecretOptions {
  read(signal: AbortSignal): Promise<JsonObject | undefined>
  /** Seconds until a secret is read again, and until a failure is tried again. */
  readonly ttl: number
  readonly neg_ttl: number
  changed(): void
  /** A failure takes nothing away: what is known stays. */
  failed(error: unknown, isKnown: boolean): void
}

export class KeptSecret {
  readonly #options: KeptSecretOptions
  readonly #closing = new AbortController()
  #members: Members = 'pending'
  #reading = false
  #again = false
  #timer: NodeJS.Timeout | undefined
  readonly #patience: NodeJS.Timeout

  constructor(options: KeptSecretOptions) {
    this.#options = options
    this.#patience = setTimeout(() => {
      if (this.#members === 'pending') this.#become('unknown')
    }, PENDING_MS_MAX).unref()
    void this.#read()
  }

  get members(): Members {
    return this.#members
  }

  /** Reads at once, as after a change of the manager's settings. */
  refresh(): void {
    if (this.#reading) this.#again = true
    else void this.#read()
  }

  close(): void {
    this.#closing.abort()
    clearTimeout(this.#timer)
    clearTimeout(this.#patience)
  }

  async #read(): Promise<void> {
    const { ttl, neg_ttl } = this.#options
    const { signal } = this.#closing
    clearTimeout(this.#timer)
    this.#reading = true
    let seconds = neg_ttl
    try {
      const members = (await this.#options.read(signal)) ?? 'absent'
      if (signal.aborted) return
      if (members !== 'absent') seconds = ttl
      this.#become(members)
    } catch (error) {
      if (signal.aborted) return
      this.#options.failed(error, typeof this.#members === 'object')
      if (this.#members === 'pending') this.#become('unknown')
    }
    this.#reading = false
    const wait = this.#again ? 0 : seconds * 1000 * (EARLIEST + Math.random() * (LATEST - EARLIEST))
    this.#again = false
    this.#timer = setTimeout(() => void this.#read(), Math.min(wait, timerMsMax)).unref()
  }

  #become(members: Members): void {
    this.#members = members
    this.#options.changed()
  }
}
