// Policy `local`: the records of the shared memory hold windows, buckets and connections as well. Fixed windows stand
// under their own keys, as accounts do, so that they are read and reset alike.
import { AccountTable } from '../local/account-table.ts'
import { monotonicMs } from '../local/clock.ts'
import { hashKey } from '../local/key-hash.ts'
import { header } from '../local/layout.ts'
import type { RecordNumber } from '../local/record-pool.ts'
import { SharedLock } from '../local/shared-lock.ts'
import { CounterUnavailableError } from '../store.ts'
import {
  type Entrance,
  isSlideAdmitted,
  type RequestCounters,
  type SlideDecision,
  slideWaitMs,
  slidingWindow,
  type Ticket,
  weightOf,
  type WindowUse,
} from './request-counters.ts'

/** `now` is milliseconds of a clock that all threads read alike, `today` milliseconds since the epoch. */
export class LocalRequestCounters implements RequestCounters {
  readonly #table: AccountTable
  readonly #lock: SharedLock
  readonly #now: () => number
  readonly #today: () => number

  constructor(shared: SharedArrayBuffer, now: () => number = monotonicMs, today: () => number = Date.now) {
    this.#table = new AccountTable(shared)
    this.#lock = new SharedLock(this.#table.words)
    this.#now = now
    this.#today = today
  }

  hit(key: string, amount: number, windowSeconds: number): WindowUse {
    return this.#locked((now) => {
      const record = this.#recordOf(key, 0, now)
      this.#table.use(record, amount, windowSeconds, now)
      return { used: this.#table.usedAt(record, now), resetMs: this.#table.windowEndsAt(record) - now }
    })
  }

  slide(key: string, limit: number, windowSeconds: number): SlideDecision {
    const { current, previous, leftMs } = slidingWindow(key, windowSeconds, this.#today())
    return this.#locked((now) => {
      const before = this.#find(`slide ${previous}`)
      const weighted = weightOf(before && this.#table.usedAt(before, now), limit, windowSeconds, leftMs)
      const here = this.#find(`slide ${current}`)
      const used = here && this.#table.usedAt(here, now)
      const admitted = isSlideAdmitted(used, weighted, limit)
      if (admitted) {
        const record = here || this.#recordOf(`slide ${current}`, 0, now)
        this.#table.use(record, 1, windowSeconds * 2, now)
      }
      if (admitted) return { admitted, used: used + 1, weighted, resetMs: leftMs }
      return { admitted, used, weighted, resetMs: slideWaitMs(used, weighted, limit, leftMs) }
    })
  }

  /** A bucket is the moment at which it would be empty: what is in it leaks away by itself. */
  leak(key: string, rate: number, burst: number): number | undefined {
    return this.#locked((now) => {
      const record = this.#recordOf(`leak ${key}`, 0, now)
      const excess = Math.max(0, ((this.#table.windowEndsAt(record) - now) * rate) / 1000)
      if (excess > burst) return undefined
      this.#table.keepUntil(record, now + ((excess + 1) * 1000) / rate)
      return excess
    })
  }

  enter(key: string, max: number, ttlSeconds: number): Entrance {
    return this.#locked((now) => {
      const record = this.#recordOf(`enter ${key}`, 1, now)
      const count = this.#table.leases.reservedAt(record, now) + 1
      if (count > max) return { count, ticket: undefined }
      return { count, ticket: this.#ticket(this.#table.leases.add(record, 1, now + ttlSeconds * 1000)) }
    })
  }

  #ticket(handle: number): Ticket {
    return { leave: () => this.#locked(() => this.#table.leases.drop(handle)) }
  }

  #find(name: string): RecordNumber {
    const { words } = this.#table
    return this.#table.find(hashKey(name, words[header.hashKey0]!, words[header.hashKey1]!))
  }

  #recordOf(name: string, leases: number, now: number): RecordNumber {
    const { words } = this.#table
    const hash = hashKey(name, words[header.hashKey0]!, words[header.hashKey1]!)
    const known = this.#table.find(hash)
    const hasRoom =
      known === 0 ? this.#table.makeRoomForCounter(leases, now) : this.#table.hasRoomFor(0, leases, now)
    if (!hasRoom) throw new CounterUnavailableError('the local counters are full')
    // Making room may have given back a record whose time was over.
    return this.#table.find(hash) || this.#table.addCounter(hash, name)
  }

  #locked<T>(work: (now: number) => T): T {
    const now = this.#now()
    if (this.#lock.acquire()) this.#table.rebuild(now)
    try {
      return work(now)
    } finally {
      this.#lock.release()
    }
  }
}
