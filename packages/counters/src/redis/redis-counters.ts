// Policy `redis`: counters that all nodes share. A reservation of any number of accounts is one round trip.
import { randomBytes } from 'node:crypto'
import {
  type AccountList,
  type AccountState,
  type AccountUse,
  type Ask,
  type CounterStore,
  CounterUnavailableError,
  type Decision,
  type Lease,
  type StoreObserver,
} from '../store.ts'
import { grantedAmount } from '../window/admission.ts'
import type { Target } from './target.ts'
import { keysOf, usedKeyOf } from './keys.ts'
import { LinkError, RedisLink } from './link.ts'
import { listKeys } from './list-keys.ts'
import { OwedSettlements, type Settlement } from './owed.ts'
import { readScript, renewScript, reserveScript, resetScript, type Script, settleScript } from './scripts.ts'

/** How long a settlement waits that Redis did not take; a connection that comes back settles at once. */
const RETRY_MS = 1_000

export class RedisCounters implements CounterStore {
  readonly #link: RedisLink
  readonly #owed = new OwedSettlements()
  /** Tells this store's leases from those of other nodes. */
  readonly #name = randomBytes(9).toString('base64url')
  #leases = 0
  #retryTimer: NodeJS.Timeout | undefined

  constructor(target: Target, observer?: StoreObserver) {
    this.#link = new RedisLink(target, () => this.#payOwed(), observer)
  }

  async reserve(asks: readonly Ask[], leaseMs: number): Promise<Decision> {
    const lease = new RedisLease(asks, `${this.#name}-${++this.#leases}`, performance.now() + leaseMs)
    const args = [lease.name, String(Math.ceil(leaseMs))]
    for (const ask of asks) {
      const { limit, windowSeconds, amount, admission, least = amount } = ask
      args.push(String(limit), String(windowSeconds), String(amount), admission, String(least))
    }
    let reply: readonly number[]
    try {
      reply = toNumbers(await this.#run(reserveScript, allKeys(asks), args), 1 + asks.length * 3)
    } catch (error) {
      // Nobody will use what may have been reserved.
      if (error instanceof SentInVainError) {
        this.#owe({
          ...settlementOf(
            lease,
            asks.map(() => 0),
          ),
          amounts: undefined,
          mayBeDone: true,
        })
      }
      throw error
    }
    const states = asks.map((ask, i) => stateOf(ask, reply, 1 + i * 3))
    const refused = reply[0]!
    lease.amounts = asks.map((ask, i) => grantedAmount(ask, states[i]!.used, states[i]!.reserved))
    return refused === 0
      ? { admitted: true, lease, states }
      : { admitted: false, refused: refused - 1, states }
  }

  async settle(lease: Lease, used: readonly number[]): Promise<void> {
    if (!(lease instanceof RedisLease)) throw new TypeError('a lease of another store')
    if (lease.isSettled) return
    lease.isSettled = true
    await this.#settle(settlementOf(lease, used))
  }

  async renew(lease: Lease, leaseMs: number): Promise<void> {
    if (!(lease instanceof RedisLease)) throw new TypeError('a lease of another store')
    if (lease.isSettled) return
    lease.expiresAt = performance.now() + leaseMs
    const args = [lease.name, String(Math.ceil(leaseMs)), ...lease.amounts.map(String)]
    await this.#run(renewScript, allKeys(lease.asks), args)
  }

  async read(key: string): Promise<AccountUse | undefined> {
    const reply = await this.#run(readScript, keysOf(key), [])
    const [used = 0, reserved = 0, resetMs = 0] = toNumbers(reply, 3)
    return resetMs > 0 || reserved > 0 ? { used, reserved, resetMs } : undefined
  }

  async reset(key: string): Promise<void> {
    await this.#run(resetScript, [usedKeyOf(key)], [])
  }

  list(prefix: string, max: number): Promise<AccountList> {
    return this.#asked(listKeys(this.#link, usedKeyOf(prefix), max))
  }

  close(): void {
    clearTimeout(this.#retryTimer)
    this.#link.close()
  }

  /** Resolves when Redis has taken it, or when it waits for Redis to come back. */
  async #settle(settlement: Settlement): Promise<void> {
    const args = [settlement.lease, settlement.mayBeDone ? '1' : '0']
    for (const [i, ask] of settlement.asks.entries()) {
      const reserved = settlement.amounts === undefined ? '?' : String(settlement.amounts[i])
      args.push(reserved, String(settlement.used[i]), String(ask.windowSeconds))
    }
    try {
      await this.#run(settleScript, allKeys(settlement.asks), args)
    } catch (error) {
      const mayBeDone = settlement.mayBeDone || error instanceof SentInVainError
      this.#owe({ ...settlement, mayBeDone })
    }
  }

  #owe(settlement: Settlement): void {
    this.#owed.add(settlement)
    this.#retryTimer ??= setTimeout(() => this.#payOwed(), RETRY_MS).unref()
  }

  #payOwed(): void {
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    for (const settlement of this.#owed.takeAll()) void this.#settle(settlement)
  }

  #run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#asked(this.#link.run(script, keys, args))
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      const { message, wasSent } = error instanceof LinkError ? error : { message: 'failed', wasSent: true }
      throw wasSent ? new SentInVainError(message) : new CounterUnavailableError(message)
    }
  }
}

/** No answer came, but Redis may have done what was asked. */
class SentInVainError extends CounterUnavailableError {}

class RedisLease implements Lease {
  readonly asks: readonly Ask[]
  readonly name: string
  expiresAt: number
  /** Known with the answer. */
  amounts: readonly number[] = []
  isSettled = false

  constructor(asks: readonly Ask[], name: string, expiresAt: number) {
    this.asks = asks
    this.name = name
    this.expiresAt = expiresAt
  }
}

function settlementOf(lease: RedisLease, used: readonly number[]): Settlement {
  const { asks, amounts, name, expiresAt } = lease
  // What was used matters until its windows end, a mere release until the lease does.
  const windowMs = Math.max(...asks.map((ask, i) => (used[i]! > 0 ? ask.windowSeconds * 1000 : 0)))
  return {
    lease: name,
    asks,
    amounts,
    used,
    mayBeDone: false,
    until: Math.max(expiresAt, performance.now() + windowMs),
  }
}

function allKeys(asks: readonly Ask[]): string[] {
  return asks.flatMap(({ key }) => keysOf(key))
}

function stateOf(ask: Ask, reply: readonly number[], at: number): AccountState {
  return { limit: ask.limit, used: reply[at]!, reserved: reply[at + 1]!, resetMs: reply[at + 2]! }
}

function toNumbers(reply: unknown, count: number): readonly number[] {
  const isExpected =
    Array.isArray(reply) && reply.length === count && reply.every((item) => typeof item === 'number')
  if (!isExpected) throw new CounterUnavailableError('redis: an answer that is not ours')
  return reply
}
