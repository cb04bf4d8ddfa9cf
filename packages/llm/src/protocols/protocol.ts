// What a client protocol is: how to recognise it and how to read its requests, answers and streams.
import type { UsageReport } from '../usage.ts'

export type ProtocolName =
  | 'bedrock-converse'
  | 'anthropic-messages'
  | 'openai-responses'
  | 'openai-chat'
  | 'openai-embeddings'
  | 'passthrough'

export type JsonObject = Readonly<Record<string, unknown>>

export interface SseEvent {
  /** `message` unless the stream says otherwise. */
  readonly type: string
  /** Data lines joined by newlines. */
  readonly data: string
  readonly id?: string | undefined
  readonly retry?: string | undefined
  /** The event's bytes with its blank line, as received, when it was received. */
  readonly bytes?: Buffer | undefined
}

/** What one event of a stream says, in neutral words. */
export interface EventFacts {
  readonly text?: string | undefined
  readonly usage?: JsonObject | undefined
  readonly done?: boolean | undefined
  readonly toolCall?: boolean | undefined
}

export type CheckedRole = 'user' | 'tool' | 'system' | 'assistant'

/** ai-plugins.md §2.1, one row per member. */
export interface ClientProtocol {
  readonly name: ProtocolName
  /** Whether text can be taken out of requests and answers (not so for passthrough). */
  readonly hasText: boolean
  isStream(body: JsonObject): boolean
  /** Texts of the selected roles: system texts always when selected; turns all, or the last run. */
  turnTexts(body: JsonObject, mode: 'last' | 'all', roles: readonly CheckedRole[]): readonly string[]
  readEvent(event: SseEvent): EventFacts
  /** Usage of a complete answer, or of a stream's usage event. */
  usage(raw: JsonObject): UsageReport
  answerUsage(answer: JsonObject): JsonObject | undefined
  answerText(answer: JsonObject): string
  answerHasToolCall(answer: JsonObject): boolean
  endUser(body: JsonObject): string
  /** ai-plugins.md §2.2. */
  denyBody(text: string, model: string, usage: JsonObject | undefined): string
  denyStream(text: string, model: string, usage: JsonObject | undefined): string
  /** The event that ends a stream of this protocol. */
  readonly terminator: string
  /** Whether moderation annotates this event. */
  isDataEvent(event: SseEvent): boolean
}

/** A complete answer, decoded. */
export interface LlmAnswer {
  readonly status: number
  readonly bytes: Buffer
  readonly json: JsonObject | undefined
  readonly text: string
  readonly usage: UsageReport | undefined
}
