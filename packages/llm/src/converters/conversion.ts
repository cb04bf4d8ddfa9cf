// What a conversion is: a request in one protocol made into one of another, and its answer made back.
import type { JsonObject, ProtocolName, SseEvent } from '../protocols/protocol.ts'

export interface Conversion {
  /** What the client speaks. */
  readonly from: ProtocolName
  /** What the provider is spoken to. */
  readonly to: ProtocolName
  /** Throws ConversionError when the request breaks a rule of its own protocol. */
  request(body: JsonObject, facts: ConversionFacts): ConvertedRequest
  /** Changes the flat list of request headers, where the two protocols authenticate differently. */
  headers?(list: readonly string[]): string[]
}

interface ConversionFacts {
  /** The model that will be asked: the instance's, else the client's. */
  readonly model: string
}

export interface ConvertedRequest {
  readonly body: JsonObject
  /** Members of the client's request that the other protocol cannot say, by their paths. */
  readonly dropped: readonly string[]
  readonly reply: ReplyConversion
}

/** The way back, which may need what was known when the request was converted. */
export interface ReplyConversion {
  /** A complete answer. Throws ConversionError when it is none of its protocol. */
  answer(answer: JsonObject): JsonObject
  /** An error document, status 4xx. */
  error(document: JsonObject): JsonObject
  stream(): StreamConversion
}

/** One stream; events go in as they come and come out as far as they are known. */
export interface StreamConversion {
  push(event: SseEvent): readonly SseEvent[]
  /** The stream ended properly: what was held back. */
  end(): readonly SseEvent[]
}

/** A request or an answer that cannot be converted. The message goes to the client. */
export class ConversionError extends Error {
  override readonly name = 'ConversionError'
}
