// Leases as records in shared memory, and the sum of each account's. Whoever calls holds the lock; nothing here allocates
// or waits.
import { account, header, lease } from './layout.ts'
import { type RecordNumber, RecordPool } from './record-pool.ts'

/** A lease's handle is its generation times this, plus its record number. */
const HANDLE_UNIT = 2 ** 20

export class LeaseTable {
  readonly #words: Int32Array
  readonly #numbers: Float64Array
  readonly #accounts: RecordPool
  readonly #pool: RecordPool

  /** `at`: the word of record 1. */
  constructor(shared: SharedArrayBuffer, accounts: RecordPool, at: number) {
    this.#words = new Int32Array(shared)
    this.#numbers = new Float64Array(shared)
    this.#accounts = accounts
    this.#pool = new RecordPool(this.#words, lease, {
      at,
      max: this.#word(header.leasesMax),
      takenWord: header.leasesTaken,
      freeWord: header.leasesFree,
    })
  }

  hasRoomFor(leases: number): boolean {
    return this.#pool.hasRoomFor(leases)
  }

  /** Whether an account has any, expired ones included. */
  has(record: RecordNumber): boolean {
    return this.#word(this.#accountWord(record) + account.firstLease) !== 0
  }

  /** What is reserved by leases that have not expired; those that have are given back. */
  reservedAt(record: RecordNumber, now: number): number {
    const at = this.#accountNumber(record)
    if (this.#number(at + account.leasesExpireFrom) <= now) this.#dropExpired(record, now)
    return this.#number(at + account.reserved)
  }

  /** Only after `hasRoomFor`. Returns the handle by which the lease is given back. */
  add(record: RecordNumber, amount: number, expiresAt: number): number {
    const taken = this.#pool.take()
    const at = this.#wordOf(taken)
    const number = this.#numberOf(taken)
    this.#numbers[number + lease.amount] = amount
    this.#numbers[number + lease.expiresAt] = expiresAt
    this.#words[at + lease.account] = record
    const generation = (this.#word(at + lease.generation) + 1) & 0x7fffffff
    this.#words[at + lease.generation] = generation
    this.#link(taken, record)
    return generation * HANDLE_UNIT + taken
  }

  /** Gives a reservation back; nothing happens when it has expired meanwhile. */
  drop(handle: number): void {
    const taken = handle % HANDLE_UNIT
    const at = this.#wordOf(taken)
    if (this.#word(at + lease.generation) !== Math.floor(handle / HANDLE_UNIT)) return
    if (this.#word(at + lease.account) !== 0) this.#free(taken)
  }

  /** Moves a lease's end; nothing happens when it has expired meanwhile. */
  renew(handle: number, expiresAt: number, now: number): void {
    const taken = handle % HANDLE_UNIT
    const at = this.#wordOf(taken)
    if (this.#word(at + lease.generation) !== Math.floor(handle / HANDLE_UNIT)) return
    const record = this.#word(at + lease.account)
    const number = this.#numberOf(taken) + lease.expiresAt
    if (record === 0 || this.#number(number) <= now) return
    this.#numbers[number] = expiresAt
    const from = this.#accountNumber(record) + account.leasesExpireFrom
    if (expiresAt < this.#number(from)) this.#numbers[from] = expiresAt
  }

  /** Drops what has expired and links the rest anew; answers when the first of these expires. */
  rebuild(now: number): number {
    for (let record = 1; record <= this.#accounts.taken; record++) this.clear(record)
    this.#pool.forgetFree()
    const leases = this.#pool.taken
    let firstExpiresAt = Infinity
    for (let taken = 1; taken <= leases; taken++) {
      const record = this.#word(this.#wordOf(taken) + lease.account)
      const expiresAt = this.#number(this.#numberOf(taken) + lease.expiresAt)
      if (record === 0 || expiresAt <= now) {
        this.#words[this.#wordOf(taken) + lease.account] = 0
        this.#pool.giveBack(taken)
      } else {
        this.#link(taken, record)
        firstExpiresAt = Math.min(firstExpiresAt, expiresAt)
      }
    }
    return firstExpiresAt
  }

  /** Of an account: it has no leases. */
  clear(record: RecordNumber): void {
    this.#words[this.#accountWord(record) + account.firstLease] = 0
    const at = this.#accountNumber(record)
    this.#numbers[at + account.reserved] = 0
    this.#numbers[at + account.leasesExpireFrom] = Infinity
  }

  #link(taken: RecordNumber, record: RecordNumber): void {
    const at = this.#wordOf(taken)
    const firstAt = this.#accountWord(record) + account.firstLease
    const first = this.#word(firstAt)
    this.#words[at + lease.previous] = 0
    this.#words[at + lease.next] = first
    if (first !== 0) this.#words[this.#wordOf(first) + lease.previous] = taken
    this.#words[firstAt] = taken
    const number = this.#accountNumber(record)
    const from = this.#numberOf(taken)
    const expiresAt = this.#number(from + lease.expiresAt)
    this.#numbers[number + account.reserved] =
      this.#number(number + account.reserved) + this.#number(from + lease.amount)
    if (expiresAt < this.#number(number + account.leasesExpireFrom)) {
      this.#numbers[number + account.leasesExpireFrom] = expiresAt
    }
  }

  #free(taken: RecordNumber): void {
    const at = this.#wordOf(taken)
    const record = this.#word(at + lease.account)
    this.#words[at + lease.account] = 0
    const next = this.#word(at + lease.next)
    const previous = this.#word(at + lease.previous)
    if (next !== 0) this.#words[this.#wordOf(next) + lease.previous] = previous
    if (previous !== 0) this.#words[this.#wordOf(previous) + lease.next] = next
    else this.#words[this.#accountWord(record) + account.firstLease] = next
    const number = this.#accountNumber(record)
    this.#numbers[number + account.reserved] =
      this.#number(number + account.reserved) - this.#number(this.#numberOf(taken) + lease.amount)
    this.#pool.giveBack(taken)
  }

  #dropExpired(record: RecordNumber, now: number): void {
    let expireFrom = Infinity
    let taken = this.#word(this.#accountWord(record) + account.firstLease)
    while (taken !== 0) {
      const next = this.#word(this.#wordOf(taken) + lease.next)
      const expiresAt = this.#number(this.#numberOf(taken) + lease.expiresAt)
      if (expiresAt <= now) this.#free(taken)
      else expireFrom = Math.min(expireFrom, expiresAt)
      taken = next
    }
    this.#numbers[this.#accountNumber(record) + account.leasesExpireFrom] = expireFrom
  }

  #accountWord(record: RecordNumber): number {
    return this.#accounts.wordOf(record)
  }

  #accountNumber(record: RecordNumber): number {
    return this.#accounts.wordOf(record) / 2
  }

  #wordOf(taken: RecordNumber): number {
    return this.#pool.wordOf(taken)
  }

  #numberOf(taken: RecordNumber): number {
    return this.#pool.wordOf(taken) / 2
  }

  // Indexes are computed from record numbers, so these are never out of bounds.
  #word(index: number): number {
    return this.#words[index]!
  }

  #number(index: number): number {
    return this.#numbers[index]!
  }
}
