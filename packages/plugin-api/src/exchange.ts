// One LLM exchange as plugins see it: what the client asked, whom we picked, what it cost so far.
import type { CheckedRole, ClientProtocol, UsageReport } from '@weir/llm'
import type { LedgerRecord } from './ledger.ts'
import type { Awaitable } from './plugin.ts'
import type { Reply } from './response.ts'

export interface LlmExchange {
  readonly protocol: ClientProtocol
  /**
   * The client's body, parsed once. Plugins that change it call `replaceBody`. Parsing (and writing) one of megabytes
   * holds everybody else up, so it is done only for those who ask.
   */
  readonly body: Readonly<Record<string, unknown>>
  /** `protocol.turnTexts` of the body, however long it is at nobody's cost. Rejects when too much waits to be read. */
  turnTexts(mode: 'last' | 'all', roles: readonly CheckedRole[]): Awaitable<readonly string[]>
  /** The client's body as it came, in pieces, when it is so long that parsing it would hold everybody else up. */
  readonly longBody: readonly Buffer[] | undefined
  replaceBody(body: Record<string, unknown>): void
  readonly stream: boolean
  /** `model` of the client's body. */
  readonly requestModel: string
  /** The model of the picked instance's options, else the client's. */
  readonly model: string
  /** The instance picked for the current attempt. */
  readonly instance: string
  /** All of the picked instance's configuration that decides what it answers: equal texts, equal answers. */
  readonly instanceIdentity: string
  /** Once known; numbers of the last attempt that produced any. */
  readonly usage: UsageReport | undefined
  /** What loggers are to tell of it (`logging` of ai-proxy and ai-proxy-multi). */
  readonly logging: { readonly summaries: boolean; readonly payloads: boolean }
  /** What it reserved and was charged; complete in the log phase. */
  readonly ledger: LedgerRecord
  /** Milliseconds from the attempt's start to its first token (or to the error); 0 when never reached. */
  readonly timeToFirstTokenMs: number
  /** Milliseconds from the attempt's start to its end (apisix_upstream_response_time); 0 when never reached. */
  readonly upstreamMs: number
  /** Length of the outgoing `tools`; whether the answer called one; the end user's id in the request. */
  readonly toolCount: number
  readonly hasToolCalls: boolean
  readonly endUser: string
  /** All text of the answer so far; collected only when some plugin asked by `collectText` in access. */
  readonly responseText: string
  collectText(): void
  /**
   * Whether the service itself has sent the whole answer. Not so of a stream that lacks the event that ends it, although
   * what it brought looked complete, and of one from which broken events were left out.
   */
  readonly isWhole: boolean
  /** Written by moderation (llm_content_risk_level). */
  riskLevel: string
  /**
   * Reserves for every quota of this request at once, falling back to the next instance where the route's
   * strategy says so. The first call decides, later ones return the same. A Reply refuses.
   */
  admit(): Awaitable<Reply | undefined>
  /**
   * The request is over, by whatever exit: gives back what is still reserved. Called once by the pipeline after
   * the response ended (or was refused); does nothing when the exchange has settled already.
   */
  finish(): void
}
