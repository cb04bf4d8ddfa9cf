// What a counter store does, as plainly as it can be said. Every store must agree with this.
import { grantedAmount, isAdmitted } from '../window/admission.ts'
import { isOver, windowEnd } from '../window/fixed-window.ts'
import type { AccountList, AccountUse, Ask, CounterStore, Decision, Lease } from '../store.ts'

interface ModelAccount {
  used: number
  endsAt: number
}

interface ModelLease extends Lease {
  expiresAt: number
}

export class ModelCounters implements CounterStore {
  readonly #accounts = new Map<string, ModelAccount>()
  readonly #leases = new Set<ModelLease>()
  readonly #settled = new Set<Lease>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  reserve(asks: readonly Ask[], leaseMs: number): Decision {
    const now = this.#now()
    const states = asks.map((ask) => {
      const endsAt = windowEnd(this.#accounts.get(ask.key)?.endsAt ?? 0, now, ask.windowSeconds)
      const { used, reserved } = this.#useOf(ask.key)
      return { limit: ask.limit, used, reserved, resetMs: endsAt - now }
    })
    const refused = asks.findIndex((ask, i) => !isAdmitted(ask, states[i]!.used, states[i]!.reserved))
    if (refused >= 0) return { admitted: false, refused, states }
    for (const ask of asks) this.#use(ask, 0)
    const amounts = asks.map((ask, i) => grantedAmount(ask, states[i]!.used, states[i]!.reserved))
    const lease = { asks, amounts, expiresAt: now + leaseMs }
    this.#leases.add(lease)
    return { admitted: true, lease, states }
  }

  settle(lease: Lease, used: readonly number[]): void {
    if (this.#settled.has(lease)) return
    this.#settled.add(lease)
    for (const held of this.#leases) if (held === lease) this.#leases.delete(held)
    for (const [i, ask] of lease.asks.entries()) if (used[i]! > 0) this.#use(ask, used[i]!)
  }

  renew(lease: Lease, leaseMs: number): void {
    for (const held of this.#leases) {
      if (held === lease && held.expiresAt > this.#now()) held.expiresAt = this.#now() + leaseMs
    }
  }

  read(key: string): AccountUse | undefined {
    const use = this.#useOf(key)
    return use.resetMs > 0 || use.reserved > 0 ? use : undefined
  }

  reset(key: string): void {
    this.#accounts.delete(key)
  }

  list(prefix: string, max: number): AccountList {
    const keys = [...this.#accounts.keys()].filter((key) => key.startsWith(prefix))
    return { keys: keys.slice(0, max), isComplete: keys.length <= max }
  }

  #use(ask: Ask, amount: number): void {
    const account = this.#accounts.get(ask.key) ?? { used: 0, endsAt: 0 }
    const now = this.#now()
    const before = isOver(account.endsAt, now) ? 0 : account.used
    this.#accounts.set(ask.key, {
      used: before + amount,
      endsAt: windowEnd(account.endsAt, now, ask.windowSeconds),
    })
  }

  #useOf(key: string): AccountUse {
    const now = this.#now()
    const account = this.#accounts.get(key)
    const isOpen = account !== undefined && !isOver(account.endsAt, now)
    let reserved = 0
    for (const lease of this.#leases) {
      if (lease.expiresAt <= now) continue
      for (const [i, ask] of lease.asks.entries()) if (ask.key === key) reserved += lease.amounts[i]!
    }
    return {
      used: isOpen ? account.used : 0,
      reserved,
      resetMs: isOpen ? account.endsAt - now : 0,
    }
  }
}
