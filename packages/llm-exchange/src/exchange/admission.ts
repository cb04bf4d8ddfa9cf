// Asks every account of a request at once, and later replaces what was reserved by what was used.
import { timerMsMax } from '@weir/contract'
import {
  type AccountState,
  type CounterStore,
  CounterUnavailableError,
  type Decision,
  type Lease,
} from '@weir/counters'
import type { UsageReport } from '@weir/llm'
import {
  type Awaitable,
  isReply,
  type LedgerEntry,
  type QuotaAsk,
  type QuotaEstimate,
  type QuotaSource,
  type Reply,
  type RequestContext,
} from '@weir/plugin-api'

export type Admission =
  | { readonly admitted: true; readonly reservation: Reservation }
  | {
      readonly admitted: false
      readonly reply: Reply
      /** Whose quota refused; undefined when none was asked. */
      readonly level: Level | undefined
      /** The account that refused. */
      readonly refused?: LedgerEntry
      /** Whether another instance may have room. */
      readonly mayTryNext: boolean
    }

/** One source's accounts in one store. */
interface SourceAsks {
  readonly source: QuotaSource
  readonly asks: QuotaAsk[]
}

/** The accounts that live in one store: reserved in one operation. */
interface StoreGroup {
  readonly store: CounterStore
  readonly parts: SourceAsks[]
  /** Those of all parts, one after the other. */
  readonly asks: QuotaAsk[]
}

type Level = QuotaSource['level']

interface Held {
  readonly store: CounterStore
  readonly lease: Lease
  readonly parts: readonly SourceAsks[]
  readonly asks: readonly QuotaAsk[]
  /** What was booked, once it is. */
  charged: readonly number[] | undefined
}

/**
 * All or nothing. Sources come in their order, consumer before instance. Stays synchronous while the stores do; with
 * accounts in several stores these are asked one after the other, and a refusal gives back what the others held.
 */
export function reserve(
  ctx: RequestContext,
  quotas: readonly QuotaSource[],
  instance: string,
  estimate: QuotaEstimate,
  leaseMs: number,
): Awaitable<Admission> {
  const groups: StoreGroup[] = []
  for (const source of quotas) {
    const asks = source.asks(ctx, instance, estimate)
    if (isReply(asks)) return refusedBy(source, asks)
    if (asks.length > 0) addTo(groups, source, asks)
  }
  return new Admitting(ctx, instance, groups, leaseMs).run(0)
}

/** What an admitted request holds. Settling and releasing do nothing the second time. */
export class Reservation {
  readonly #ctx: RequestContext
  readonly #held: readonly Held[]
  #isOver = false
  #renewal: NodeJS.Timeout | undefined = undefined

  constructor(ctx: RequestContext, held: readonly Held[]) {
    this.#ctx = ctx
    this.#held = held
  }

  /** The tokens that all answers together may have; undefined where no account keeps them within what it granted. */
  get completionMax(): number | undefined {
    let max: number | undefined
    for (const { lease, asks } of this.#held) {
      for (let i = 0; i < asks.length; i++) {
        const completion = asks[i]?.completionOf?.(lease.amounts[i] ?? 0)
        if (completion !== undefined && !(completion > (max ?? Infinity))) max = completion
      }
    }
    return max
  }

  /** What is reserved, and what was booked for it. */
  get entries(): readonly LedgerEntry[] {
    const entries: LedgerEntry[] = []
    for (const { lease, parts, charged } of this.#held) {
      let i = 0
      for (const { source, asks } of parts) {
        for (const { key: account, windowSeconds: window } of asks) {
          entries.push({
            account,
            level: source.level,
            reserved: lease.amounts[i] ?? 0,
            charged: charged?.[i] ?? 0,
            window,
          })
          i++
        }
      }
    }
    return entries
  }

  /** Until it is over, its leases are renewed in time: for requests that may last longer than any lease. */
  keep(leaseMs: number): void {
    if (!this.#isOver)
      this.#renewal ??= setInterval(() => this.#renew(leaseMs), Math.min(leaseMs / 2, timerMsMax)).unref()
  }

  #renew(leaseMs: number): void {
    for (const { store, lease } of this.#held) {
      try {
        const renewed = store.renew(lease, leaseMs)
        if (renewed) renewed.catch((error: unknown) => this.#report(error))
      } catch (error) {
        this.#report(error)
      }
    }
  }

  /** Issues the booking; a store that fails meanwhile is logged, as nobody can be refused any more. */
  settle(usage: UsageReport): void {
    this.#book((ask) => Math.max(0, Math.round(ask.cost(usage) ?? 0)))
  }

  /** Gives everything back: the request cost nothing. */
  release(): void {
    this.#book(() => 0)
  }

  #book(costOf: (ask: QuotaAsk) => number): void {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#renewal)
    for (const held of this.#held) {
      const { store, lease, asks } = held
      try {
        held.charged = asks.map(costOf)
        const booked = store.settle(lease, held.charged)
        if (booked) booked.catch((error: unknown) => this.#report(error))
      } catch (error) {
        this.#report(error)
      }
    }
  }

  #report(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#ctx.log.error('the tokens of a request could not be reserved further, or booked', {
      route: this.#ctx.route.id,
      reason,
    })
  }
}

class Admitting {
  readonly #ctx: RequestContext
  readonly #instance: string
  readonly #groups: readonly StoreGroup[]
  readonly #leaseMs: number
  readonly #held: Held[] = []

  constructor(ctx: RequestContext, instance: string, groups: readonly StoreGroup[], leaseMs: number) {
    this.#ctx = ctx
    this.#instance = instance
    this.#groups = groups
    this.#leaseMs = leaseMs
  }

  /** Asks the stores from this one on. */
  run(from: number): Awaitable<Admission> {
    for (let i = from; i < this.#groups.length; i++) {
      const group = this.#groups[i]
      if (!group) break
      let decision: Decision | Promise<Decision>
      try {
        decision = group.store.reserve(group.asks, this.#leaseMs)
      } catch (error) {
        const refusal = this.#unavailable(group, error)
        if (refusal) return refusal
        continue
      }
      if (decision instanceof Promise) return this.#later(decision, group, i)
      const refusal = this.#decided(group, decision)
      if (refusal) return refusal
    }
    return { admitted: true, reservation: new Reservation(this.#ctx, this.#held) }
  }

  async #later(asked: Promise<Decision>, group: StoreGroup, index: number): Promise<Admission> {
    let refusal: Admission | undefined
    try {
      refusal = this.#decided(group, await asked)
    } catch (error) {
      refusal = this.#unavailable(group, error)
    }
    return refusal ?? this.run(index + 1)
  }

  #decided(group: StoreGroup, decision: Decision): Admission | undefined {
    const refused = decision.admitted ? -1 : decision.refused
    if (decision.admitted) {
      const { store, parts, asks } = group
      this.#held.push({ store, lease: decision.lease, parts, asks, charged: undefined })
    }
    let first = 0
    for (const { source, asks } of group.parts) {
      const states =
        group.parts.length === 1 ? decision.states : decision.states.slice(first, first + asks.length)
      const refusedHere = refused >= first && refused < first + asks.length ? refused - first : -1
      source.decided(this.#ctx, this.#instance, states, refusedHere)
      const state: AccountState | undefined = states[refusedHere]
      if (state) {
        this.#giveBack()
        const { key: account, windowSeconds: window } = asks[refusedHere]!
        return {
          ...refusedBy(source, source.refusal(this.#ctx, this.#instance, state)),
          refused: { account, level: source.level, reserved: 0, charged: 0, window },
        }
      }
      first += asks.length
    }
    return undefined
  }

  /** Undefined when every source of this store lets requests pass without it. */
  #unavailable(group: StoreGroup, error: unknown): Admission | undefined {
    if (!(error instanceof CounterUnavailableError)) {
      this.#giveBack()
      throw error
    }
    for (const { source } of group.parts) {
      const reply = source.unavailable(this.#ctx, error)
      if (!reply) continue
      this.#giveBack()
      return { admitted: false, reply, level: undefined, mayTryNext: false }
    }
    return undefined
  }

  #giveBack(): void {
    if (this.#held.length > 0) new Reservation(this.#ctx, this.#held).release()
  }
}

function refusedBy(source: QuotaSource, reply: Reply): Extract<Admission, { admitted: false }> {
  return { admitted: false, reply, level: source.level, mayTryNext: source.onRefusal === 'next_instance' }
}

function addTo(groups: StoreGroup[], source: QuotaSource, asks: readonly QuotaAsk[]): void {
  for (const ask of asks) {
    const group = groupOf(groups, ask.store)
    let part = group.parts.at(-1)
    if (part?.source !== source) group.parts.push((part = { source, asks: [] }))
    part.asks.push(ask)
    group.asks.push(ask)
  }
}

function groupOf(groups: StoreGroup[], store: CounterStore): StoreGroup {
  for (const group of groups) if (group.store === store) return group
  const group: StoreGroup = { store, parts: [], asks: [] }
  groups.push(group)
  return group
}
