// One request as plugins see it: small and closed. Whatever else two plugins share is a state key (state.ts).
import type { Logger } from '@weir/telemetry'
import type { Consumer } from './consumer.ts'
import type { LlmExchange } from './exchange.ts'
import type { QuotaSource } from './quota.ts'
import type { State } from './state.ts'

export interface PieceReader {
  push(piece: Buffer): void
}

/** The client's request. Header names are lower case; edits are seen by whoever is called next, the upstream last. */
export interface ClientRequest {
  readonly method: string
  /** Decoded and normalized path without query (routing.md §2.1). */
  readonly path: string
  /** The request target as sent. */
  readonly target: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
  readonly scheme: 'http' | 'https'
  /** Host header without port, lower case; empty when absent. */
  readonly host: string
  /** The client's, as a trusted proxy before us may have told it (`nginx_config.http.real_ip_from`). */
  readonly remoteAddress: string
  /** Whoever holds the other end of the connection. */
  readonly peerAddress: string
  readonly remotePort: number
  /** The port on which it was accepted. */
  readonly localPort: number
  /** Node's own view: lower-case names, repeated values joined. Setting `undefined` removes a header. */
  readonly headers: Record<string, string | string[] | undefined>
  header(name: string): string | undefined
  queryArgument(name: string): string | undefined
  /**
   * The whole body, read once and kept. A number is the size that exceeded `maxBytes`: by Content-Length
   * before anything is read, else by what arrived. Rejects when the client left.
   */
  readBody(maxBytes: number): Buffer | number | Promise<Buffer | number>
  /**
   * Shows the whole body to `reader` in pieces of some 16 to 64 KB, as it arrives, so that no single turn of the event
   * loop has to do with all of it. Resolves with its size, or the size that exceeded `maxBytes` as with `readBody`.
   * The body is kept for whoever reads it later; the pieces' memory is given back after the log phase.
   */
  readPieces(maxBytes: number, reader: PieceReader): Promise<number>
  /** The body if it has been read. */
  readonly body: Buffer | undefined
  /** Puts another body, whole or in pieces, in the place of one that was read: for all who read it from now on. */
  replaceBody(body: Buffer | readonly Buffer[]): void
}

export interface RouteFacts {
  readonly id: string
  readonly name: string | undefined
  readonly serviceId: string | undefined
  readonly serviceName: string | undefined
  /** The matched pattern and host pattern, as configured. */
  readonly uri: string
  readonly hostPattern: string
  readonly labels: Readonly<Record<string, string>>
}

/** One try at an upstream, LLM or plain. Milliseconds; undefined when that point was never reached. */
export interface UpstreamAttempt {
  /** `host:port` that was connected to. */
  readonly address: string
  /** The LLM instance's name, or the node's address. */
  readonly node: string
  /** Of LLM instances: the provider's name, and the model that was asked for. */
  readonly provider?: string
  readonly model?: string
  /** Milliseconds (performance.now()). */
  readonly startedAt: number
  /** The upstream's, or what a failed try counts as (routing.md §1). 0 while it is under way. */
  status: number
  connectMs: number | undefined
  headerMs: number | undefined
  responseMs: number | undefined
}

/** The upstream side of a request, filled by whoever calls it: variables, logs and metrics read it. */
export interface UpstreamRecord {
  readonly attempts: UpstreamAttempt[]
  scheme: string
  host: string
  /** Path (and query) that was requested of it. */
  uri: string
  /** Whether an upstream has taken the whole request and answered it: nothing sends its body any more. */
  hasTakenRequest: boolean
  /** `balancer_ip`: the node's address, or the LLM instance's name. */
  node: string
  /** The node as configured, before its name became an address; empty for LLM instances. */
  unresolvedHost: string
  /** The headers of a plain upstream's answer, as they came. */
  answer: { readonly fields: Readonly<Record<string, string | string[] | undefined>> } | undefined
}

export interface RequestContext {
  /** Unique per request; 32 hexadecimal digits. */
  readonly id: string
  /** Milliseconds (performance.now()) at which the request's head was read. */
  readonly startedAt: number
  readonly request: ClientRequest
  readonly route: RouteFacts
  readonly consumer: Consumer | undefined
  /** Present from the access turn of ai-proxy or ai-proxy-multi on. */
  llm: LlmExchange | undefined
  readonly upstream: UpstreamRecord
  readonly state: State
  /** Aborts when the client leaves or the gateway gives the request up. Made on first use. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Calls back once when the client leaves before the response is complete. Cheaper than `signal`. */
  onClientGone(callback: () => void): void
  /** Adds a header to whatever response this request gets. */
  addResponseHeader(name: string, value: string): void
  /** The same in place of what was given before for this name, spelled alike: who comes last is heard. */
  setResponseHeader(name: string, value: string): void
  /** A variable of routing.md §5, or undefined. */
  variable(name: string): unknown
  /** Every quota of this request's chain, consumer level first (by priority). */
  readonly quotas: readonly QuotaSource[]
}
