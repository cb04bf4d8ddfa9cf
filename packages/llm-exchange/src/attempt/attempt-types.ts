// What an attempt is given, what it goes through, and whom it tells.
import type { AddressSet } from '@weir/contract'
import type { ClientProtocol, JsonObject, LongJson } from '@weir/llm'
import type { LlmExchange } from '@weir/plugin-api'
import type { LimitSettings } from '../settings.ts'
import type { Attempt } from './attempt.ts'
import type { Failure } from './failure.ts'

export type AttemptState =
  | 'connecting'
  | 'reading_answer'
  | 'waiting_for_first_token'
  | 'streaming'
  | 'draining'
  | 'done'

/** Why an attempt ended. */
export type AttemptExit =
  | 'answered'
  | 'streamed'
  | 'rejected'
  | 'transport_failed'
  | 'limit_hit'
  | 'empty_stream'
  | 'stream_broken'
  | 'abandoned'

/** The request to send, before it is shaped for an instance. */
export interface Outgoing {
  readonly protocol: ClientProtocol
  /** Its outline when it is long. */
  readonly body: JsonObject
  /** The client's own bytes; undefined when a plugin has changed the body. */
  readonly raw: Buffer | LongJson | undefined
  /** Asked for what only some attempts need. */
  readonly exchange: Pick<LlmExchange, 'body' | 'stream' | 'model'>
  readonly wantsText: boolean
  /** To which the request's own bound on each answer is lowered; undefined leaves it as it is. */
  readonly completionMax: number | undefined
}

export interface AttemptRules extends LimitSettings {
  readonly timeout: number
  /** Statuses that count as failures besides 429 and 5xx. */
  readonly failureStatuses: ReadonlySet<number>
  /** Peers whose X-Forwarded-Proto, -Host and -Port are kept (contract/etcd.md §9). */
  readonly trustedAddresses: AddressSet | undefined
}

/** Whoever made the attempt. Of `answered`, `failed` and `streaming` exactly one is called, unless it is abandoned. */
export interface AttemptOwner {
  /** A complete answer that no rule counts as a failure; in pieces when it is long. */
  answered(attempt: Attempt, body: Buffer | readonly Buffer[]): void
  failed(attempt: Attempt, failure: Failure): void
  /** The first bytes of a stream are here. */
  streaming(attempt: Attempt): void
  /** The stream is over, in whatever way, and its cost is as well known as it ever will be. */
  streamSettled(attempt: Attempt, interrupted: boolean): void
}
