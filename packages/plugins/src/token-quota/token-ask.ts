// One account and what a request asks of it.
import type { Ask, CounterStore } from '@weir/counters'
import type { UsageReport } from '@weir/llm'
import type { QuotaAsk, QuotaEstimate, RequestContext } from '@weir/plugin-api'
import type { TokenCost } from './token-cost.ts'

/** What the accounts of one configuration have in common. */
export interface Accounting {
  readonly store: CounterStore
  readonly admission: Ask['admission']
  /** Whether answers are kept within what was reserved for them (`clamp_max_tokens`). */
  readonly clamps: boolean
  /** Whether a complete answer whose provider reported no usage is charged by estimate. */
  readonly chargesEstimates: boolean
}

export interface Account {
  readonly key: string
  readonly limit: number
  readonly windowSeconds: number
}

export class TokenAsk implements QuotaAsk {
  readonly store: CounterStore
  readonly admission: Ask['admission']
  readonly key: string
  readonly limit: number
  readonly windowSeconds: number
  readonly amount: number
  readonly least: number | undefined
  readonly #estimate: QuotaEstimate
  readonly #cost: TokenCost
  readonly #chargesEstimates: boolean
  readonly #ctx: RequestContext

  constructor(
    ctx: RequestContext,
    account: Account,
    accounting: Accounting,
    cost: TokenCost,
    estimate: QuotaEstimate,
  ) {
    this.store = accounting.store
    this.admission = accounting.admission
    this.key = account.key
    this.limit = account.limit
    this.windowSeconds = account.windowSeconds
    const asked = accounting.clamps ? generous(estimate) : estimate
    this.amount = cost.expected(asked)
    this.least =
      accounting.clamps && cost.completionOf(this.amount, asked) !== undefined
        ? Math.min(this.amount, cost.expected({ ...asked, completionTokens: asked.answers }))
        : undefined
    this.#estimate = asked
    this.#cost = cost
    this.#chargesEstimates = accounting.chargesEstimates
    this.#ctx = ctx
  }

  completionOf(granted: number): number | undefined {
    return this.least === undefined ? undefined : this.#cost.completionOf(granted, this.#estimate)
  }

  cost(usage: UsageReport): number | undefined {
    if (usage.source === 'none') return undefined
    if (usage.source === 'estimated' && !usage.interrupted && !this.#chargesEstimates) {
      this.#ctx.log.error('failed to get token usage for llm service', { account: this.key })
      return undefined
    }
    try {
      return this.#cost.actual(usage)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#ctx.log.error('the cost of a request could not be calculated', { account: this.key, reason })
      return undefined
    }
  }
}

/** Times what answers of the model rarely exceed: a request without a bound of its own is seldom cut short. */
const UNBOUNDED_FACTOR = 2

function generous(estimate: QuotaEstimate): QuotaEstimate {
  if (estimate.isBounded) return estimate
  return { ...estimate, completionTokens: estimate.completionTokens * UNBOUNDED_FACTOR }
}
