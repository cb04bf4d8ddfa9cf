// How quota plugins and the LLM exchange meet: every account of a request is asked at once (architecture.md §6).
import type { Ask, AccountState, CounterStore } from '@weir/counters'
import type { UsageReport } from '@weir/llm'
import type { RequestContext } from './context.ts'
import type { Reply } from './response.ts'

/** One account and what this request asks of it. */
export interface QuotaAsk extends Ask {
  readonly store: CounterStore
  /** The units that this usage costs in this account; undefined when the usage does not say (nothing is charged). */
  cost(usage: UsageReport): number | undefined
}

export interface QuotaEstimate {
  /** Tokens of the prompt, from its bytes. */
  readonly promptTokens: number
  /** The most the completion can cost, from max_tokens and its aliases, else learned. */
  readonly completionTokens: number
}

export interface QuotaSource {
  /** `consumer` is asked before `instance`; a refusal at either leaves the other untouched. */
  readonly level: 'consumer' | 'instance'
  /** The accounts under which this request is metered when it goes to `instance`; none means unlimited. */
  asks(ctx: RequestContext, instance: string, estimate: QuotaEstimate): readonly QuotaAsk[]
  /** Told of every decision on its asks, one state per ask, in order: the place to set headers. */
  decided(ctx: RequestContext, instance: string, states: readonly AccountState[], admitted: boolean): void
  /** The reply when one of its asks was refused and nothing else can be tried. */
  refusal(ctx: RequestContext, instance: string): Reply
  /** The reply when its counters cannot be reached; undefined lets the request pass (allow_degradation). */
  unavailable(ctx: RequestContext, error: Error): Reply | undefined
}
