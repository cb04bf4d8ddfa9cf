// How quota plugins and the LLM exchange meet: every account of a request is asked at once (architecture.md §6).
import type { Ask, AccountState, CounterPolicy, CounterStore } from '@weir/counters'
import type { UsageReport } from '@weir/llm'
import type { RequestContext } from './context.ts'
import type { Reply } from './response.ts'

/** One account and what this request asks of it. */
export interface QuotaAsk extends Ask {
  readonly store: CounterStore
  /** The units that this usage costs in this account; undefined when the usage does not say (nothing is charged). */
  cost(usage: UsageReport): number | undefined
  /**
   * The tokens that all answers of the request may have together when `granted` units are reserved; undefined where
   * answers are not to be kept within it.
   */
  completionOf?(granted: number): number | undefined
}

export interface QuotaEstimate {
  /** Tokens of the prompt, from its bytes. */
  readonly promptTokens: number
  /** The most that all answers together can cost, from max_tokens and its aliases, else learned. */
  readonly completionTokens: number
  /** How many answers are asked for (`n`, `best_of`), 1 or more. */
  readonly answers: number
  /** Whether the request sets the bound, so that `completionTokens` cannot be exceeded. */
  readonly isBounded: boolean
}

export interface QuotaSource {
  /** `consumer` is asked before `instance`; a refusal at either leaves the other untouched. */
  readonly level: 'consumer' | 'instance'
  /**
   * Whether another instance may be tried after a refusal, if the route's fallback strategy says so too: `reject`
   * where every instance would be refused alike (rules) or the configuration forbids it.
   */
  readonly onRefusal: 'reject' | 'next_instance'
  /**
   * The accounts under which this request is metered when it goes to `instance`; none means unlimited. A Reply
   * refuses the request before anything is reserved (a limit that cannot be resolved).
   */
  asks(ctx: RequestContext, instance: string, estimate: QuotaEstimate): readonly QuotaAsk[] | Reply
  /**
   * Told of every decision on its asks, one state per ask, in order: the place to set headers. `refused` is the
   * index of the ask that was refused, -1 when none of its asks was. Not called when a source before it refused.
   */
  decided(ctx: RequestContext, instance: string, states: readonly AccountState[], refused: number): void
  /** The reply when one of its asks was refused and nothing else can be tried; `state` is that ask's account. */
  refusal(ctx: RequestContext, instance: string, state: AccountState): Reply
  /** The reply when its counters cannot be reached; undefined lets the request pass (allow_degradation). */
  unavailable(ctx: RequestContext, error: Error): Reply | undefined
}

/** Where a configuration stands, for the accounts that follow from it. */
export interface QuotaPlace {
  readonly resourceKey: string
  /** On a consumer, a credential of one, or the group of one. */
  readonly consumer: string | undefined
  /** On a credential: its id. */
  readonly credential: string | undefined
  /** Names of the instances that may be metered. */
  readonly instances: readonly string[]
}

export interface QuotaAccount {
  readonly key: string
  readonly level: QuotaSource['level']
  /** Undefined for a total over all instances. */
  readonly instance: string | undefined
  /** What is counted. */
  readonly strategy: string
  /** As configured: a number, or text with variables. */
  readonly limit: number | string
  /** Seconds, likewise. */
  readonly timeWindow: number | string
  readonly policy: CounterPolicy
  /** Whether the account is there by name, and not because any instance would have one. */
  readonly isNamed: boolean
}

/** Accounts whose keys requests make: which ones there are, only the counters know. */
export interface QuotaFamily {
  /** What all their keys begin with; what follows was made of a request. */
  readonly prefix: string
  /** What is counted. */
  readonly strategy: string
  readonly policy: CounterPolicy
  /** By what follows the prefix; undefined when more than one of the configured limits may be meant. */
  readonly limitOf: (rest: string) => QuotaLimit | undefined
}

/** As configured: numbers, or text with variables. */
export interface QuotaLimit {
  readonly limit: number | string
  /** Seconds. */
  readonly timeWindow: number | string
}
