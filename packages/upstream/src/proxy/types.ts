// What plain proxying needs of a request and gives back. The gateway's request context and response fit these by
// shape: this package knows no plugins.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayError, Upstream } from '@weir/contract'

/** One try at a node. Milliseconds; undefined when that point was never reached. */
export interface ForwardAttempt {
  /** `host:port` that was connected to. */
  readonly address: string
  /** The node's address. */
  readonly node: string
  /** Milliseconds (performance.now()). */
  readonly startedAt: number
  /** The upstream's status, or what a failed try counts as (routing.md §1); 0 while it is under way. */
  status: number
  connectMs: number | undefined
  headerMs: number | undefined
  responseMs: number | undefined
}

/** Filled while the request is forwarded: variables, logs and metrics read it. */
export interface ForwardRecord {
  readonly attempts: ForwardAttempt[]
  scheme: string
  host: string
  uri: string
  node: string
  /** The node as configured. */
  unresolvedHost: string
  /** The headers of the answer, as they came. */
  answer: { readonly fields: Readonly<Record<string, string | string[] | undefined>> } | undefined
}

export interface ForwardRequest {
  readonly message: IncomingMessage
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** The client's, as a trusted proxy may have told it. */
  readonly remoteAddress: string
  /** Of the connection's other end. */
  readonly peerAddress: string
  /** Lower-case names, with the edits of plugins. */
  readonly headers: Record<string, string | string[] | undefined>
  /** Set when somebody has read the whole body: this is sent then. */
  readonly body: Buffer | undefined
  /** Raised while the body is streamed. */
  bodyBytes: number
  /** A longer body is not forwarded to its end; 0 for any. */
  readonly bodyBytesMax: number
}

export interface ForwardContext {
  readonly request: ForwardRequest
  readonly upstream: ForwardRecord
  readonly consumer: { readonly username: string } | undefined
  /** Whether the client asks for another protocol and the route lets it (`enable_websocket`). */
  readonly mayUpgrade: boolean
  readonly log: { warn(message: string, fields?: Readonly<Record<string, unknown>>): void }
  variable(name: string): unknown
  onClientGone(callback: () => void): void
}

/** Where the body of an answer goes. */
export interface AnswerSink {
  chunk(bytes: Buffer): void
  end(): void
  fail(error: GatewayError): void
}

export interface AnswerBody {
  start(sink: AnswerSink): void
  pause(): void
  resume(): void
  abort(reason: Error): void
}

export interface ForwardAnswer {
  status: number
  /** Name, value, name, value ...; as the upstream spelled them, hop-by-hop headers removed. */
  headers: string[]
  source: 'upstream'
  body: AnswerBody | undefined
  /** Of status 101: what the upstream's connection has become. */
  upgraded?: Socket | undefined
}

/** An upstream document ready to be used: made once, used for every request. */
export interface CompiledUpstream {
  /**
   * `target`: what to ask for, in the form in which the client sent it (RFC 9112 §3.2). Rejects with a GatewayError
   * when there is no answer to be had.
   */
  forward(ctx: ForwardContext, target: string): Promise<ForwardAnswer>
}

/** Seconds, as in the documents. */
export interface UpstreamTimeout {
  readonly connect: number
  readonly send: number
  readonly read: number
}

/** Compiled upstreams of one thread by the key of the document that holds them (`/apisix/routes/1`). */
export interface CompiledUpstreams {
  /** What has not changed since the last call with this key (balancer, health) goes on. `timeout` is the route's. */
  open(resourceKey: string, upstream: Upstream, timeout: UpstreamTimeout | undefined): CompiledUpstream
  /** The document is gone, or holds no upstream any more. */
  drop(resourceKey: string): void
}
