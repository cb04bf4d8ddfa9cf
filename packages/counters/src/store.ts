// The port of every counter store: reserve before the work, settle after it (architecture.md §6).
import type { RequestCounters } from './requests/request-counters.ts'

/** A fixed window of `windowSeconds` that starts with its first use, and what may be used in it. */
export interface Ask {
  /** Names the account in its store; two asks of one reservation never share a key. */
  readonly key: string
  /** Units per window, 1 .. 2^53 - 1. */
  readonly limit: number
  /** Seconds, 1 or more. */
  readonly windowSeconds: number
  /** Units this request is expected to cost at most. */
  readonly amount: number
  /**
   * Where the amount may be lowered to what there is room for: the least of it, 0 .. `amount`. Without it there must
   * be room for all.
   */
  readonly least?: number | undefined
  /** `fits`: used + reserved + amount (or its least) <= limit. `remaining`: used + reserved < limit. */
  readonly admission: 'fits' | 'remaining'
}

/** What an account holds. */
export interface AccountUse {
  readonly used: number
  readonly reserved: number
  /** Milliseconds until the window ends; 0 when none is open. */
  readonly resetMs: number
}

/** An account as a decision saw it, before this request's own reservation. */
export interface AccountState extends AccountUse {
  readonly limit: number
}

/**
 * What an admitted request holds until it is settled. Expires by itself after its time, so a crashed node holds
 * nothing for ever.
 */
export interface Lease {
  readonly asks: readonly Ask[]
  /** What is reserved: the amount of each ask, or what there was room for. */
  readonly amounts: readonly number[]
}

/** `states` has one entry per ask. `refused` is the index of the first ask that was refused. */
export type Decision =
  | { readonly admitted: true; readonly lease: Lease; readonly states: readonly AccountState[] }
  | { readonly admitted: false; readonly refused: number; readonly states: readonly AccountState[] }

/** Every method throws, or rejects with, CounterUnavailableError when the store cannot be reached. */
export interface CounterStore {
  /**
   * All or nothing: a refused reservation leaves nothing reserved. An admitted one opens the windows that are not
   * open, whatever its amounts. `leaseMs` is the longest time until `settle` is called.
   */
  reserve(asks: readonly Ask[], leaseMs: number): Decision | Promise<Decision>
  /**
   * Replaces the reservation by what was used, one whole number per ask (0 gives all back), in the windows that
   * are open now. The first call per lease counts, even after the lease expired; later ones do nothing.
   */
  settle(lease: Lease, used: readonly number[]): void | Promise<void>
  /** Holds a lease for so long from now; nothing happens when it has expired or is settled. */
  renew(lease: Lease, leaseMs: number): void | Promise<void>
  /** What an account holds now; undefined when no window is open and nothing is reserved. */
  read(key: string): AccountUse | undefined | Promise<AccountUse | undefined>
  /** Ends an account's window: nothing is used. What is reserved stays reserved. */
  reset(key: string): void | Promise<void>
  /**
   * The accounts whose keys begin so, at most `max` of them, in no order. For operators: it looks through everything
   * that the store holds.
   */
  list(prefix: string, max: number): AccountList | Promise<AccountList>
}

export interface AccountList {
  readonly keys: readonly string[]
  /** Whether there are no more. */
  readonly isComplete: boolean
}

/** The store cannot be reached or did not answer in time. The text names no secret. */
export class CounterUnavailableError extends Error {
  override readonly name = 'CounterUnavailableError'
}

/** `policy` and its fields, of ai-rate-limiting and limit-count (ai-plugins.md §10, common-plugins.md §3.1). */
export type CounterPolicy =
  | { readonly policy: 'local' }
  | RedisPolicy
  | RedisClusterPolicy
  | RedisSentinelPolicy

export interface RedisPolicy {
  readonly policy: 'redis'
  readonly redis_host: string
  readonly redis_port: number
  readonly redis_username?: string | undefined
  readonly redis_password?: string | undefined
  readonly redis_database: number
  /** Milliseconds for connecting and for each answer. */
  readonly redis_timeout: number
  readonly redis_ssl: boolean
  readonly redis_ssl_verify: boolean
  /** Milliseconds without use after which the connection is closed. */
  readonly redis_keepalive_timeout: number
}

export interface RedisClusterPolicy {
  readonly policy: 'redis-cluster'
  /** `host:port` of some of the cluster's nodes. */
  readonly redis_cluster_nodes: readonly string[]
  readonly redis_cluster_name: string
  readonly redis_password?: string | undefined
  readonly redis_timeout: number
  readonly redis_cluster_ssl: boolean
  readonly redis_cluster_ssl_verify: boolean
  readonly redis_keepalive_timeout: number
}

export interface RedisSentinelPolicy {
  readonly policy: 'redis-sentinel'
  readonly redis_sentinels: readonly { readonly host: string; readonly port: number }[]
  readonly redis_master_name: string
  readonly redis_role: 'master' | 'slave'
  readonly redis_username?: string | undefined
  readonly redis_password?: string | undefined
  readonly sentinel_username?: string | undefined
  readonly sentinel_password?: string | undefined
  readonly redis_database: number
  readonly redis_connect_timeout: number
  readonly redis_read_timeout: number
  readonly redis_keepalive_timeout: number
}

/** Is told how shared stores are; `store` says where one is, without credentials. */
export interface StoreObserver {
  /** With every change, the first time when it is first connected or found away. */
  state(store: string, isUp: boolean): void
  /** A call failed or was not answered in time. */
  failed(store: string): void
}

export type CommandArgument = string | number | Buffer

/** Commands to one Redis. While it is away every call fails at once. */
export interface RedisCommands {
  /** Rejects with CounterUnavailableError, also when Redis answers with an error. Texts of the answer are strings. */
  call(command: string, args: readonly CommandArgument[]): Promise<unknown>
}

/** Hands out one store per distinct policy, shared by everyone who asks for the same. */
export interface CounterStores {
  /**
   * With `lease`, requests are admitted from slices of quota that were reserved ahead while a shared store cannot be
   * reached; without it every call fails then.
   */
  open(policy: CounterPolicy, degradation?: 'lease'): CounterStore
  /** Counters of requests rather than of what they cost. */
  requests(policy: CounterPolicy): RequestCounters
  /** A Redis that is used for something else than counting, on a connection of its own. */
  commands(policy: RedisPolicy): RedisCommands
  /** Closes all connections; reservations still held expire by themselves. */
  close(): void
}
