// Accounts as records in shared memory. Whoever calls holds the lock; nothing here allocates or waits.
import type { AccountList } from '../store.ts'
import { windowEnd, isOver } from '../window/fixed-window.ts'
import { AccountNames } from './account-names.ts'
import type { KeyHash } from './key-hash.ts'
import {
  account,
  COUNTERS_SHARE,
  header,
  headerNumber,
  heldAccount,
  heldCounter,
  sectionsOf,
} from './layout.ts'
import { LeaseTable } from './lease-table.ts'
import { type RecordNumber, RecordPool } from './record-pool.ts'

export class AccountTable {
  readonly words: Int32Array
  readonly leases: LeaseTable
  readonly #numbers: Float64Array
  readonly #bucketsAt: number
  readonly #bucketMask: number
  readonly #countersMax: number
  readonly #accounts: RecordPool
  readonly #names: AccountNames

  constructor(shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared)
    this.#numbers = new Float64Array(shared)
    const accountsMax = this.#word(header.accountsMax)
    const leasesMax = this.#word(header.leasesMax)
    this.#countersMax = Math.max(1, Math.floor(accountsMax * COUNTERS_SHARE))
    const sections = sectionsOf(accountsMax, leasesMax)
    this.#bucketsAt = sections.bucketsAt
    this.#bucketMask = sections.buckets - 1
    this.#names = new AccountNames(shared, sections.namesAt)
    this.#accounts = new RecordPool(this.words, account, {
      at: sections.accountsAt,
      max: accountsMax,
      takenWord: header.accountsTaken,
      freeWord: header.accountsFree,
    })
    this.leases = new LeaseTable(shared, this.#accounts, sections.leasesAt)
  }

  find(hash: KeyHash): RecordNumber {
    let record = this.#word(this.#bucketOf(hash.low))
    while (record !== 0) {
      const at = this.#accountWord(record)
      if (this.#word(at + account.hashLow) === hash.low && this.#word(at + account.hashHigh) === hash.high)
        return record
      record = this.#word(at + account.next)
    }
    return 0
  }

  /** What was used in the window that is open now. */
  usedAt(record: RecordNumber, now: number): number {
    const at = this.#accountNumber(record)
    return isOver(this.#number(at + account.windowEndsAt), now) ? 0 : this.#number(at + account.used)
  }

  /** 0 when no window is open. */
  windowEndsAt(record: RecordNumber): number {
    return this.#number(this.#accountNumber(record) + account.windowEndsAt)
  }

  /** Opens a window, or lets the open one go on, and adds to what is used in it. */
  use(record: RecordNumber, amount: number, windowSeconds: number, now: number): void {
    const at = this.#accountNumber(record)
    const endsAt = this.#number(at + account.windowEndsAt)
    const before = isOver(endsAt, now) ? 0 : this.#number(at + account.used)
    this.#numbers[at + account.used] = before + amount
    this.#numbers[at + account.windowEndsAt] = windowEnd(endsAt, now, windowSeconds)
  }

  /** The record is there until this moment, whatever is used. */
  keepUntil(record: RecordNumber, endsAt: number): void {
    this.#numbers[this.#accountNumber(record) + account.windowEndsAt] = endsAt
  }

  closeWindow(record: RecordNumber): void {
    this.#numbers[this.#accountNumber(record) + account.windowEndsAt] = 0
  }

  /** Whether so many accounts and leases can be added, if need be by giving back what is over. */
  hasRoomFor(accounts: number, leases: number, now: number): boolean {
    if (this.#fits(accounts, leases)) return true
    if (now < this.#number(headerNumber.reclaimFrom)) return false
    this.rebuild(now)
    return this.#fits(accounts, leases)
  }

  /** Whether a counter of requests and so many leases can be added, if need be by forgetting another counter. */
  makeRoomForCounter(leases: number, now: number): boolean {
    if (leases > 0 && !this.hasRoomFor(0, leases, now)) return false
    if (this.#mayAddCounter() && this.#fits(1, leases)) return true
    return this.#forgetCounter() || (this.#mayAddCounter() && this.hasRoomFor(1, leases, now))
  }

  /** Only after `makeRoomForCounter`. `hash` is that of `key`. */
  addCounter(hash: KeyHash, key: string): RecordNumber {
    const record = this.addAccount(hash, key)
    this.words[this.#accountWord(record) + account.taken] = heldCounter
    this.words[header.counters] = this.#word(header.counters) + 1
    return record
  }

  /** Only after `hasRoomFor`. `hash` is that of `key`. */
  addAccount(hash: KeyHash, key: string): RecordNumber {
    const record = this.#accounts.take()
    const at = this.#accountWord(record)
    const number = this.#accountNumber(record)
    this.#numbers[number + account.used] = 0
    this.#numbers[number + account.windowEndsAt] = 0
    this.leases.clear(record)
    this.words[at + account.hashLow] = hash.low
    this.words[at + account.hashHigh] = hash.high
    this.#names.write(record, key)
    this.#linkAccount(record)
    this.words[at + account.taken] = heldAccount
    return record
  }

  /**
   * The keys that begin so. May be called without the lock: what changes meanwhile is there or not, and a key that was
   * read while it was written names no account.
   */
  list(prefix: string, max: number): AccountList {
    const keys: string[] = []
    let isComplete = true
    const taken = this.#accounts.taken
    for (let record = 1; record <= taken; record++) {
      if (this.#word(this.#accountWord(record) + account.taken) === 0) continue
      const key = this.#names.read(record, prefix)
      if (key === undefined) continue
      if (key === null || keys.length >= max) isComplete = false
      else keys.push(key)
    }
    return { keys, isComplete }
  }

  /**
   * Gives back every account whose window is over and every lease that has expired, and links the rest anew from
   * nothing but the records themselves: for a full table, and for one whose keeper died in the middle of a change.
   */
  rebuild(now: number): void {
    this.words.fill(0, this.#bucketsAt, this.#bucketsAt + this.#bucketMask + 1)
    this.#accounts.forgetFree()
    let reclaimFrom = this.leases.rebuild(now)
    const accounts = this.#accounts.taken
    let counters = 0
    for (let record = 1; record <= accounts; record++) {
      const at = this.#accountWord(record)
      const held = this.#word(at + account.taken)
      const endsAt = this.#number(this.#accountNumber(record) + account.windowEndsAt)
      const isHeld = this.leases.has(record)
      if (held !== 0 && (isHeld || !isOver(endsAt, now))) {
        this.#linkAccount(record)
        if (held === heldCounter) counters++
        if (!isHeld) reclaimFrom = Math.min(reclaimFrom, endsAt)
      } else {
        this.words[at + account.taken] = 0
        this.#accounts.giveBack(record)
      }
    }
    this.words[header.counters] = counters
    this.#numbers[headerNumber.reclaimFrom] = reclaimFrom
  }

  #mayAddCounter(): boolean {
    return this.#word(header.counters) < this.#countersMax
  }

  /** One that nobody is under way in, round and round: those that were added first go first. */
  #forgetCounter(): boolean {
    if (this.#word(header.counters) === 0) return false
    const taken = this.#accounts.taken
    let hand = this.#word(header.hand)
    for (let steps = 0; steps < taken; steps++) {
      hand = hand >= taken ? 1 : hand + 1
      const at = this.#accountWord(hand)
      if (this.#word(at + account.taken) !== heldCounter || this.leases.has(hand)) continue
      this.words[at + account.taken] = 0
      this.words[header.hand] = hand
      this.words[header.counters] = this.#word(header.counters) - 1
      this.#unlinkAccount(hand)
      this.#accounts.giveBack(hand)
      return true
    }
    return false
  }

  #fits(accounts: number, leases: number): boolean {
    return this.#accounts.hasRoomFor(accounts) && this.leases.hasRoomFor(leases)
  }

  #linkAccount(record: RecordNumber): void {
    const at = this.#accountWord(record)
    const bucket = this.#bucketOf(this.#word(at + account.hashLow))
    this.words[at + account.next] = this.#word(bucket)
    this.words[bucket] = record
  }

  #unlinkAccount(record: RecordNumber): void {
    const at = this.#accountWord(record)
    let link = this.#bucketOf(this.#word(at + account.hashLow))
    while (this.#word(link) !== record) {
      if (this.#word(link) === 0) return
      link = this.#accountWord(this.#word(link)) + account.next
    }
    this.words[link] = this.#word(at + account.next)
  }

  #bucketOf(hashLow: number): number {
    return this.#bucketsAt + (hashLow & this.#bucketMask)
  }

  #accountWord(record: RecordNumber): number {
    return this.#accounts.wordOf(record)
  }

  #accountNumber(record: RecordNumber): number {
    return this.#accounts.wordOf(record) / 2
  }

  // Indexes are computed from record numbers, so these are never out of bounds.
  #word(index: number): number {
    return this.words[index]!
  }

  #number(index: number): number {
    return this.#numbers[index]!
  }
}
