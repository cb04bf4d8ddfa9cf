// The ledger: every LLM request ends in one record of what it reserved and what it was charged. The access log has it
// in every line of such a request, and loggers read `ctx.llm.ledger`. The sum of the records is the sum of the counters.
import type { UsageSource } from '@weir/llm'
import type { QuotaSource } from './quota.ts'

/** How the request ended, or how far it came. */
export type EndReason =
  /** A complete answer. */
  | 'answered'
  /** A stream to its end. */
  | 'streamed'
  /** A stream that broke off: the upstream's fault, or a limit. */
  | 'stream_broken'
  | 'client_gone'
  /** A quota refused it. */
  | 'refused'
  /** The upstream did not answer, or with an error; after the last try. */
  | 'rejected'
  | 'transport_failed'
  | 'limit_hit'
  | 'empty_stream'
  /** Answered by the gateway itself before it was forwarded. */
  | 'not_sent'

export interface LedgerEntry {
  /** The account's key in its store. */
  readonly account: string
  readonly level: QuotaSource['level']
  /** Units; 0 when it was refused. */
  readonly reserved: number
  /** Units that were booked instead. */
  readonly charged: number
  /** Seconds. */
  readonly window: number
}

export interface LedgerRecord {
  /** The request's id. */
  readonly id: string
  /** Empty when nobody was authenticated. */
  readonly consumer: string
  readonly route: string
  /** That was tried last. */
  readonly instance: string
  /** Calls to LLM services. */
  readonly attempts: number
  /** Where the number of tokens comes from. */
  readonly source: UsageSource
  readonly reason: EndReason
  /** One per account that metered it: none when it has no quota or its counters were away. */
  readonly accounts: readonly LedgerEntry[]
}
