// One request to one upstream connection, pushed: undici's dispatch with the errors told apart.
import type { Readable } from 'node:stream'

/** Milliseconds; 0 means none. */
export interface ExchangeTimeouts {
  /** Between two writes of the request's body that the socket takes; absent: `headersMs`. */
  readonly sendMs?: number | undefined
  /**
   * From the last byte of the request that the socket took to the answer's head. While the request's body is slow to
   * come from our side, time does not count.
   */
  readonly headersMs: number
  /** Between two chunks of the body. Time in which the exchange is paused does not count. */
  readonly idleMs: number
}

export interface UpstreamRequest {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /**
   * Name, value, name, value ...; Host included when it differs from the origin's. No hop-by-hop header and no Expect:
   * the connection's are added here, and Content-Length too unless the body is a stream, which is sent chunked when
   * no Content-Length is given.
   */
  readonly headers: string[]
  readonly body: Buffer | string | Readable | null
  readonly timeouts: ExchangeTimeouts
}

export type UpstreamFailure =
  /** Refused, unreachable, or closed before anything was sent. */
  | 'connect'
  | 'connect_timeout'
  | 'headers_timeout'
  | 'body_timeout'
  /** Closed or reset by the upstream after the request was begun, before its answer was complete. */
  | 'reset'
  /** Not HTTP/1.1, oversized headers, or a request that cannot be sent as it is. */
  | 'protocol'
  | 'tls'
  | 'dns'
  /** Our own end: the origins were closed, or the request's body broke. */
  | 'aborted'

/** `message` is fit for a log: it names host and port, never a header, path or body. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly failure: UpstreamFailure
  /** Whether any byte of the request may have reached the upstream. */
  readonly sent: boolean
  constructor(failure: UpstreamFailure, message: string, sent: boolean, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
    this.sent = sent
  }
}

/**
 * Called in this order: head, data*, then exactly one of end or fail. Nothing after abort(), and nothing but onStart
 * before send() has returned.
 */
export interface ExchangeHandler {
  /** There is a connection, and the request is being written; told first, if at all. */
  onStart?(): void
  /** 1xx are not told. */
  onHead(status: number, headers: AnswerHeaders, statusText: string): void
  onData(chunk: Buffer): void
  onEnd(): void
  onFail(error: UpstreamError): void
}

/** The headers of an answer; to be read in onHead. */
export interface AnswerHeaders {
  /** By lower-case name; repeated ones as arrays. */
  readonly fields: Readonly<Record<string, string | string[] | undefined>>
  /** Name, value, name, value ... in the upstream's spelling and order; made when asked for. */
  list(): string[]
}

export interface Exchange {
  /** Whether the connection has served a request before, so that the upstream may be closing it just now. */
  readonly reused: boolean
  /** Whether the connection has taken the whole request, so that nothing reads its body's memory any more. */
  readonly hasSent: boolean
  /** At most the chunks of the bytes already read still come. */
  pause(): void
  resume(): void
  /**
   * Another wait for this body than `idleMs`, in milliseconds: between two chunks of it, or with `asDeadline` in all
   * until this is called again, whatever comes meanwhile. Not before onHead.
   */
  limitBody(ms: number, asDeadline: boolean): void
  /** Closes the upstream connection; it is never pooled half-read. */
  abort(): void
}

export interface OriginOptions {
  /** `http://host:port` or `https://host:port`; the address connected to. */
  readonly origin: string
  /** TLS server name; by default the Host header's name, else the origin's. */
  readonly serverName?: string | undefined
  readonly verifyCertificate: boolean
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
  /** Milliseconds for name, TCP and TLS together. */
  readonly connectTimeoutMs: number
  /**
   * Connections kept idle at most, and how long (ms); those in use are not limited. 0 connections: each is closed
   * after its answer. `requests`: a connection is closed after so many, by default never.
   */
  readonly keepAlive: {
    readonly connections: number
    readonly idleMs: number
    readonly requests?: number | undefined
  }
}

/** A pool of connections to one origin. Pools with equal options are one. */
export interface Origin {
  readonly options: OriginOptions
  send(request: UpstreamRequest, handler: ExchangeHandler): Exchange
}

export interface Origins {
  open(options: OriginOptions): Origin
  /** Idle connections end now, the others with their answers; resolves when all are gone. */
  close(): Promise<void>
}
