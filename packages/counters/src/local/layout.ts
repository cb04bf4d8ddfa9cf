// How the counters of all worker threads lie in one SharedArrayBuffer: a header, the heads of the hash buckets, the
// accounts, the leases, the accounts' names. Records are taken from the front, so memory that was never needed is never
// touched.
import { randomBytes } from 'node:crypto'

/** Accounts at the same time: consumers × instances, rules × their keys. */
const ACCOUNTS_MAX = 65_536
/** Reservations held at the same time; a request holds one per account. */
const LEASES_MAX = 65_536
/** Links are record numbers from 1; 0 is none. Twenty bits of a lease's handle hold its number. */
const RECORDS_MAX = 2 ** 20 - 1

/** Words (32 bits) of the header. */
export const header = {
  lock: 0,
  /** How many threads sleep until the lock is free. */
  waiters: 1,
  /** The last number given to a thread. */
  threads: 2,
  accountsMax: 3,
  leasesMax: 4,
  /** Records ever taken, from the front. */
  accountsTaken: 5,
  leasesTaken: 6,
  /** The first record given back; the others follow its `next`. */
  accountsFree: 7,
  leasesFree: 8,
  hashKey0: 9,
  hashKey1: 10,
  /** The record at which the last counter of requests was forgotten; the search for the next goes on behind it. */
  hand: 11,
  /** Counters of requests among the accounts. Words 12 and 13 are a number. */
  counters: 14,
  words: 16,
} as const

/** Numbers (64 bits) of the header, within the same 64 bytes. */
export const headerNumber = {
  /** Milliseconds before which looking for records to reclaim is in vain. */
  reclaimFrom: 6,
} as const

/** An account's words, after its four numbers. */
export const account = {
  words: 16,
  numbers: 8,
  /** Numbers. */
  used: 0,
  reserved: 1,
  windowEndsAt: 2,
  /** No lease of the account expires before this moment. */
  leasesExpireFrom: 3,
  /** Words. */
  hashLow: 8,
  hashHigh: 9,
  /** In its bucket, or in the list of free records. */
  next: 10,
  firstLease: 11,
  /** What the record holds, as below; 0 while it is free. */
  taken: 12,
} as const

/** A quota's account is never forgotten before its time. */
export const heldAccount = 1
/** A counter of requests gives way when there is no room: anybody can fill memory with the keys of requests. */
export const heldCounter = 2
/** Counters of requests have this part of the accounts, so that there is always room for quotas. */
export const COUNTERS_SHARE = 0.75

/** Bytes of an account's name: one for its length, then as many of its key's characters. */
export const NAME_BYTES = 256

export const lease = {
  words: 8,
  numbers: 4,
  /** Numbers. */
  amount: 0,
  expiresAt: 1,
  /** Words. `account` is 0 while the record is free. */
  account: 4,
  next: 5,
  previous: 6,
  /** Counts how often the record was taken, so that the handle of an expired lease does not open its successor. */
  generation: 7,
} as const

export interface Sizes {
  readonly accountsMax?: number
  readonly leasesMax?: number
}

/** Memory for `createLocalCounters`, to be handed to every worker thread. 22 MiB, of which only what is used is real. */
export function allocateCounters(sizes: Sizes = {}): SharedArrayBuffer {
  const { accountsMax = ACCOUNTS_MAX, leasesMax = LEASES_MAX } = sizes
  if (accountsMax > RECORDS_MAX || leasesMax > RECORDS_MAX) throw new RangeError('too many counter records')
  const shared = new SharedArrayBuffer(sectionsOf(accountsMax, leasesMax).words * 4)
  const words = new Int32Array(shared, 0, header.words)
  words[header.accountsMax] = accountsMax
  words[header.leasesMax] = leasesMax
  for (const key of [header.hashKey0, header.hashKey1]) words[key] = randomBytes(4).readInt32LE()
  return shared
}

export interface Sections {
  /** Buckets, a power of two. */
  readonly buckets: number
  /** Where the sections begin, in words. Record 1 is the first. */
  readonly bucketsAt: number
  readonly accountsAt: number
  readonly leasesAt: number
  readonly namesAt: number
  readonly words: number
}

export function sectionsOf(accountsMax: number, leasesMax: number): Sections {
  const buckets = Math.max(16, 2 ** Math.ceil(Math.log2(accountsMax)))
  const bucketsAt = header.words
  const accountsAt = bucketsAt + buckets
  const leasesAt = accountsAt + accountsMax * account.words
  const namesAt = leasesAt + leasesMax * lease.words
  const words = namesAt + accountsMax * (NAME_BYTES / 4)
  return { buckets, bucketsAt, accountsAt, leasesAt, namesAt, words }
}
