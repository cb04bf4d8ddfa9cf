// What leaves: a reply is ours and complete; a response may also be an upstream's, still flowing.
import type { Socket } from 'node:net'
import type { GatewayError } from '@weir/contract'
import type { LlmAnswer } from '@weir/llm'

/** A plugin's own answer. An object body is sent as JSON and one newline, a string or buffer as it is. */
export interface Reply {
  readonly status: number
  readonly body?: string | Buffer | object | undefined
  /** Names in the spelling they are sent with. `Content-Type` defaults to text/plain; charset=utf-8. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Who made the response (common-plugins.md §8): a plugin or the gateway, the proxy's own error, the upstream. */
export type ResponseSource = 'apisix' | 'nginx' | 'upstream'

/** A body that is pushed once `start` was called. Chunks must not be changed in place. */
export interface ByteStream {
  start(sink: ByteSink): void
  pause(): void
  resume(): void
  /** Ends the upstream's part at once; the sink hears nothing more. */
  abort(reason: Error): void
}

export interface ByteSink {
  chunk(bytes: Buffer): void
  end(): void
  /** The stream broke: what was sent is incomplete and must not look complete. */
  fail(error: GatewayError): void
}

export interface GatewayResponse {
  status: number
  /** Name, value, name, value ...; hop-by-hop headers are already gone. */
  headers: string[]
  source: ResponseSource
  body: Buffer | string | ByteStream | undefined
  /** An LLM's complete answer, decoded; `body` holds its bytes. The pipeline shows it to `llmResponse` hooks. */
  answer?: LlmAnswer | undefined
  /** Of status 101: the upstream's connection, which is spliced to the client's. */
  upgraded?: Socket | undefined
}

/** What the log phase is told. Times in milliseconds. */
export interface RequestSummary {
  readonly status: number
  readonly source: ResponseSource
  readonly requestBytes: number
  readonly responseBytes: number
  /** From the request's head to the response's last byte. */
  readonly durationMs: number
  /** Spent waiting for the upstream, summed over attempts; undefined when none was called. */
  readonly upstreamMs: number | undefined
  readonly outcome: 'complete' | 'client_gone' | 'upstream_broken' | 'refused' | 'error'
}

/** Whether a body still flows. */
export function isByteStream(body: GatewayResponse['body']): body is ByteStream {
  return typeof body === 'object' && !Buffer.isBuffer(body)
}

export function isReply(value: object): value is Reply {
  return 'status' in value
}
