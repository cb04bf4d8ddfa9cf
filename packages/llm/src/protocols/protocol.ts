// What a client protocol is: how to recognise it and how to read its requests, answers and streams.
import type { UsageReport } from '../usage.ts'

export type ProtocolName =
  | 'bedrock-converse'
  | 'anthropic-messages'
  | 'anthropic-count-tokens'
  | 'openai-responses'
  | 'openai-chat'
  | 'openai-embeddings'
  | 'passthrough'
  /** Only spoken to a provider: no client is taken to speak it. */
  | 'vertex-predict'

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
  /** The stream says that it is over. */
  readonly done?: boolean | undefined
  readonly toolCall?: boolean | undefined
  /** How many answers (choices) this event says are complete. */
  readonly finished?: number | undefined
}

/**
 * ASCII texts that let a stream be watched without parsing every event: an event in which none of them occurs says
 * nothing about usage or the end. What they find is parsed to be sure. Keys stand without their opening quote, for a
 * search is as fast as its first character is rare, and a quote is the commonest of JSON.
 */
export interface StreamMarks {
  /** The key of the usage object. */
  readonly usage: string
  /** The key whose value, when it is a string, says why an answer is complete. */
  readonly finish: string | undefined
  /** Occurs in every event that ends the stream. */
  readonly done: string
  /** Occurs in every event by which the provider itself breaks its stream off, where it has one. */
  readonly error?: string
  /** Occurs in every event that calls a tool. */
  readonly toolCall: string
  /** The end of the keys whose string values are text of the answer, with the colon: `content":`. */
  readonly text: string
  /** The same for the parts of a text, where a list of these may be the value of `text`. */
  readonly textOfPart?: string
  /** The same for the arguments of tools that are called. */
  readonly toolText: string
}

export type CheckedRole = 'user' | 'tool' | 'system' | 'assistant'

/** Top-level members to set; `undefined` takes the member away. */
export type BodyEdits = Readonly<Record<string, unknown>>

/** ai-plugins.md §2.1, one row per member. */
export interface ClientProtocol {
  readonly name: ProtocolName
  /** Whether text can be taken out of requests and answers (not so for passthrough). */
  readonly hasText: boolean
  isStream(body: JsonObject): boolean
  /** What the protocol itself changes in a body on its way out; undefined when nothing. */
  fixUp(body: JsonObject): BodyEdits | undefined
  /** How many answers the request asks for; more than 1 is `n` of openai-chat. */
  answersWanted(body: JsonObject): number
  /** Pictures and the like in the request: how many, and the bytes of their values. */
  media(body: JsonObject): { readonly count: number; readonly bytes: number }
  /** Texts of the selected roles: system texts always when selected; turns all, or the last run. */
  turnTexts(body: JsonObject, mode: 'last' | 'all', roles: readonly CheckedRole[]): readonly string[]
  readonly marks: StreamMarks | undefined
  /** `data`: the event's, where the caller has parsed it. */
  readEvent(event: SseEvent, data?: JsonObject): EventFacts
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
  /** Tells the client that its stream broke; empty where the protocol has no such event. */
  errorEvent(message: string): string | Buffer
  /** Whether moderation annotates this event. */
  isDataEvent(event: SseEvent): boolean
}

/**
 * A complete answer, decoded as far as somebody asks. `bytes`, `json` and `text` of a long one are worked out at once,
 * which holds everybody else up for milliseconds per megabyte.
 */
export interface LlmAnswer {
  readonly status: number
  readonly bytes: Buffer
  readonly json: JsonObject | undefined
  readonly text: string
  /** `text`, however long it is at nobody's cost. */
  readText(): string | Promise<string>
  readonly usage: UsageReport | undefined
}
