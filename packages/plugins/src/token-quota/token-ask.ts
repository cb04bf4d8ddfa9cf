// One account and what a request asks of it.
import type { Ask, CounterStore } from '@weir/counters'
import type { UsageReport } from '@weir/llm'
import type { QuotaAsk, QuotaEstimate, RequestContext } from '@weir/plugin-api'
import type { TokenCost } from './token-cost.ts'

/** What the accounts of one configuration have in common. */
export interface Accounting {
  readonly store: CounterStore
  readonly admission: Ask['admission']
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
    this.amount = cost.expected(estimate)
    this.#cost = cost
    this.#chargesEstimates = accounting.chargesEstimates
    this.#ctx = ctx
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
