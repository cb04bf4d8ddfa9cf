// What one request costs: what is reserved for it, what it is charged in the end, and the record of both.
import type { ClientProtocol, JsonObject, LongJson, UsageReport } from '@weir/llm'
import type { Awaitable, EndReason, LedgerEntry, LedgerRecord, RequestContext } from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'
import type { RouteState } from '../route/route-state.ts'
import { type Admission, type Reservation, reserve } from './admission.ts'
import { RequestCost } from './request-cost.ts'

const noEntries: readonly LedgerEntry[] = []

export class RequestLedger {
  usage: UsageReport | undefined = undefined
  /** How the request ended, as far as is known. */
  reason: EndReason = 'not_sent'
  readonly #ctx: RequestContext
  readonly #route: RouteState
  readonly #protocol: ClientProtocol
  #cost: RequestCost
  #reservation: Reservation | undefined = undefined
  /** How many answers the reservation is for. */
  #answers = 1
  /** Of the ledger, once it is settled. */
  #entries: readonly LedgerEntry[] = noEntries
  #isSettled = false

  constructor(
    ctx: RequestContext,
    route: RouteState,
    protocol: ClientProtocol,
    body: JsonObject,
    raw: Buffer | LongJson,
  ) {
    this.#ctx = ctx
    this.#route = route
    this.#protocol = protocol
    this.#cost = new RequestCost(protocol, route.estimator, body, raw)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  replaceBody(body: JsonObject): void {
    this.#cost = new RequestCost(this.#protocol, this.#route.estimator, body, undefined)
  }

  /** Asks every quota; what is admitted is held until it is settled or given back. */
  reserve(instance: Instance, model: string): Awaitable<Admission> {
    const expected = this.#cost.expected(instance, model)
    this.#answers = expected.answers
    const asked = reserve(this.#ctx, this.#ctx.quotas, instance.name, expected, this.#route.leaseMs)
    return asked instanceof Promise
      ? asked.then((admission) => this.#take(admission, instance))
      : this.#take(asked, instance)
  }

  #take(admission: Admission, instance: Instance): Admission {
    if (!admission.admitted) {
      const { refused } = admission
      if (refused) this.#route.quotaMetrics.refused(this.#ctx.route.id, instance.name, refused.level)
    }
    // The request may have ended while a store was asked.
    else if (this.#isSettled) admission.reservation.release()
    else this.#reservation = admission.reservation
    return admission
  }

  /** Nobody has reserved anything: the record shows who refused. */
  refuse(entry: LedgerEntry | undefined): void {
    this.reason = 'refused'
    if (entry) this.#entries = [entry]
  }

  /** The attempt that it was reserved for has failed. */
  giveBack(): void {
    this.#reservation?.release()
    this.#reservation = undefined
  }

  /** A stream that may last longer than any lease has begun. */
  keepReservation(): void {
    if (this.#route.isEndless) this.#reservation?.keep(this.#route.leaseMs)
  }

  /** The tokens that each answer may have, 1 or more; undefined where nobody keeps them within what was reserved. */
  get completionMax(): number | undefined {
    const max = this.#reservation?.completionMax
    return max === undefined ? undefined : Math.max(1, Math.floor(max / this.#answers))
  }

  /** What was delivered, when nobody has reported it. */
  delivered(model: string, textBytes: number, interrupted = false): UsageReport | undefined {
    return this.#cost.delivered(model, textBytes, interrupted, this.#reservation?.completionMax)
  }

  /** Once per request, whichever exit comes first. Without a usage the request cost nothing. */
  settle(instance: string, model: string, usage: UsageReport | undefined, textBytes = 0): void {
    if (this.#isSettled) return
    this.#isSettled = true
    const reservation = this.#reservation
    this.#reservation = undefined
    if (usage) {
      this.usage = usage
      reservation?.settle(usage)
      if (reservation) this.#cost.learn(model, textBytes, usage)
    } else reservation?.release()
    if (!reservation) return
    this.#entries = reservation.entries
    for (const { level, charged } of this.#entries) {
      if (charged > 0) this.#route.quotaMetrics.charged(this.#ctx.route.id, instance, level, charged)
    }
  }

  record(instance: string): LedgerRecord {
    return {
      id: this.#ctx.id,
      consumer: this.#ctx.consumer?.username ?? '',
      route: this.#ctx.route.id,
      instance,
      attempts: this.#ctx.upstream.attempts.length,
      source: this.usage?.source ?? 'none',
      reason: this.reason,
      accounts: this.#reservation?.entries ?? this.#entries,
    }
  }
}
