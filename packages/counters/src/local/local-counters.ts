// Policy `local`: counters of this node in memory that all its worker threads share, so that a limit of 10 admits 10
// whatever the number of workers. Calls are synchronous and take about a microsecond.
import { windowEnd } from '../window/fixed-window.ts'
import { grantedAmount, isAdmitted } from '../window/admission.ts'
import {
  type AccountList,
  type AccountState,
  type AccountUse,
  type Ask,
  type CounterStore,
  CounterUnavailableError,
  type Decision,
  type Lease,
} from '../store.ts'
import { LocalRequestCounters } from '../requests/local-request-counters.ts'
import { AccountTable } from './account-table.ts'
import { monotonicMs } from './clock.ts'
import { hashKey, type KeyHash } from './key-hash.ts'
import { allocateCounters, header } from './layout.ts'
import { SharedLock } from './shared-lock.ts'

/** Hashes kept per thread; keys repeat from request to request. */
const HASHES_MAX = 8_192
/** Accounts of one reservation whose records are remembered between looking and booking. */
const ASKS_MAX = 64

/**
 * Counters in `shared`, memory that `allocateCounters` made and every worker thread was given; without it in memory
 * of their own. `now` is milliseconds of a clock that all threads read alike.
 */
export function createLocalCounters(shared = allocateCounters(), now = monotonicMs): LocalCounters {
  return new LocalCounters(shared, now)
}

export class LocalCounters implements CounterStore {
  readonly #table: AccountTable
  readonly #lock: SharedLock
  readonly #now: () => number
  readonly #hashes = new Map<string, KeyHash>()
  readonly #key0: number
  readonly #key1: number
  /** Of requests, in the same memory. */
  readonly requests: LocalRequestCounters
  // What a decision found, kept out of the locked section's way: nothing may be allocated in there.
  readonly #records = new Int32Array(ASKS_MAX)
  readonly #used = new Float64Array(ASKS_MAX)
  readonly #reserved = new Float64Array(ASKS_MAX)
  readonly #endsAt = new Float64Array(ASKS_MAX)
  readonly #handles = new Float64Array(ASKS_MAX)

  constructor(shared: SharedArrayBuffer, now: () => number) {
    this.#table = new AccountTable(shared)
    this.#lock = new SharedLock(this.#table.words)
    this.#now = now
    this.requests = new LocalRequestCounters(shared, now)
    this.#key0 = this.#table.words[header.hashKey0]!
    this.#key1 = this.#table.words[header.hashKey1]!
  }

  reserve(asks: readonly Ask[], leaseMs: number): Decision {
    if (asks.length > ASKS_MAX) throw new RangeError(`a reservation has at most ${ASKS_MAX} accounts`)
    const hashes = this.#hashesOf(asks)
    const now = this.#now()
    let refused = -1
    let hasRoom = true
    this.#enter(now)
    try {
      refused = this.#look(asks, hashes, now)
      if (refused < 0) {
        hasRoom = this.#makeRoom(asks, hashes, now)
        if (hasRoom) this.#book(asks, hashes, leaseMs, now)
      }
    } finally {
      this.#lock.release()
    }
    if (!hasRoom) throw new CounterUnavailableError('the local counters are full')
    const states: AccountState[] = []
    for (let i = 0; i < asks.length; i++) states.push(this.#stateOf(asks[i]!, i, now))
    return refused < 0
      ? { admitted: true, lease: this.#leaseOf(asks, hashes), states }
      : { admitted: false, refused, states }
  }

  #leaseOf(asks: readonly Ask[], hashes: readonly KeyHash[]): LocalLease {
    const amounts: number[] = []
    const handles: number[] = []
    for (let i = 0; i < asks.length; i++) {
      amounts.push(grantedAmount(asks[i]!, this.#used[i]!, this.#reserved[i]!))
      handles.push(this.#handles[i]!)
    }
    return new LocalLease(asks, hashes, amounts, handles)
  }

  settle(lease: Lease, used: readonly number[]): void {
    if (!(lease instanceof LocalLease)) throw new TypeError('a lease of another store')
    if (lease.isSettled) return
    lease.isSettled = true
    const { asks, hashes, handles } = lease
    const now = this.#now()
    let isBooked = true
    this.#enter(now)
    try {
      for (let i = 0; i < asks.length; i++) {
        this.#table.leases.drop(handles[i]!)
        const amount = used[i]!
        if (amount > 0) isBooked = this.#charge(asks[i]!, hashes[i]!, amount, now) && isBooked
      }
    } finally {
      this.#lock.release()
    }
    if (!isBooked) throw new CounterUnavailableError('the local counters are full')
  }

  renew(lease: Lease, leaseMs: number): void {
    if (!(lease instanceof LocalLease)) throw new TypeError('a lease of another store')
    if (lease.isSettled) return
    const now = this.#now()
    this.#enter(now)
    for (const handle of lease.handles) this.#table.leases.renew(handle, now + leaseMs, now)
    this.#lock.release()
  }

  read(key: string): AccountUse | undefined {
    const hash = this.#hash(key)
    const now = this.#now()
    this.#enter(now)
    const record = this.#table.find(hash)
    const used = record === 0 ? 0 : this.#table.usedAt(record, now)
    const reserved = record === 0 ? 0 : this.#table.leases.reservedAt(record, now)
    const resetMs = record === 0 ? 0 : Math.max(0, this.#table.windowEndsAt(record) - now)
    this.#lock.release()
    return resetMs > 0 || reserved > 0 ? { used, reserved, resetMs } : undefined
  }

  reset(key: string): void {
    const hash = this.#hash(key)
    this.#enter(this.#now())
    const record = this.#table.find(hash)
    if (record !== 0) this.#table.closeWindow(record)
    this.#lock.release()
  }

  list(prefix: string, max: number): AccountList {
    return this.#table.list(prefix, max)
  }

  #enter(now: number): void {
    if (this.#lock.acquire()) this.#table.rebuild(now)
  }

  /** Finds the accounts and what they hold; returns the index of the first that has no room, or -1. */
  #look(asks: readonly Ask[], hashes: readonly KeyHash[], now: number): number {
    let refused = -1
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!
      const record = this.#table.find(hashes[i]!)
      const used = record === 0 ? 0 : this.#table.usedAt(record, now)
      const reserved = record === 0 ? 0 : this.#table.leases.reservedAt(record, now)
      this.#records[i] = record
      this.#used[i] = used
      this.#reserved[i] = reserved
      this.#endsAt[i] = windowEnd(record === 0 ? 0 : this.#table.windowEndsAt(record), now, ask.windowSeconds)
      if (refused < 0 && !isAdmitted(ask, used, reserved)) refused = i
    }
    return refused
  }

  #makeRoom(asks: readonly Ask[], hashes: readonly KeyHash[], now: number): boolean {
    for (let i = 0; i < asks.length; i++) {
      if (this.#records[i] === 0) {
        const hasRoom = this.#table.hasRoomFor(asks.length, asks.length, now)
        // Making room gives back accounts whose window is over, perhaps some that were found a moment ago.
        for (let j = 0; j < asks.length; j++) this.#records[j] = this.#table.find(hashes[j]!)
        return hasRoom
      }
    }
    return this.#table.hasRoomFor(0, asks.length, now)
  }

  #book(asks: readonly Ask[], hashes: readonly KeyHash[], leaseMs: number, now: number): void {
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!
      const amount = grantedAmount(ask, this.#used[i]!, this.#reserved[i]!)
      const hash = hashes[i]!
      const record = this.#records[i] || this.#table.find(hash) || this.#table.addAccount(hash, ask.key)
      this.#table.use(record, 0, ask.windowSeconds, now)
      this.#handles[i] = this.#table.leases.add(record, amount, now + leaseMs)
    }
  }

  #charge(ask: Ask, hash: KeyHash, amount: number, now: number): boolean {
    let record = this.#table.find(hash)
    if (record === 0) {
      if (!this.#table.hasRoomFor(1, 0, now)) return false
      record = this.#table.addAccount(hash, ask.key)
    }
    this.#table.use(record, amount, ask.windowSeconds, now)
    return true
  }

  #stateOf(ask: Ask, i: number, now: number): AccountState {
    return {
      limit: ask.limit,
      used: this.#used[i]!,
      reserved: this.#reserved[i]!,
      resetMs: this.#endsAt[i]! - now,
    }
  }

  #hashesOf(asks: readonly Ask[]): readonly KeyHash[] {
    const hashes: KeyHash[] = []
    for (const { key } of asks) hashes.push(this.#hash(key))
    return hashes
  }

  #hash(key: string): KeyHash {
    const known = this.#hashes.get(key)
    if (known) return known
    if (this.#hashes.size >= HASHES_MAX) this.#hashes.clear()
    const hash = hashKey(key, this.#key0, this.#key1)
    this.#hashes.set(key, hash)
    return hash
  }
}

class LocalLease implements Lease {
  readonly asks: readonly Ask[]
  readonly hashes: readonly KeyHash[]
  readonly amounts: readonly number[]
  readonly handles: readonly number[]
  isSettled = false

  constructor(
    asks: readonly Ask[],
    hashes: readonly KeyHash[],
    amounts: readonly number[],
    handles: readonly number[],
  ) {
    this.asks = asks
    this.hashes = hashes
    this.amounts = amounts
    this.handles = handles
  }
}
