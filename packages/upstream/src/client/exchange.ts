// One request to one upstream connection, pushed: undici's dispatch with the errors told apart.

/** Milliseconds. `connect` is the pool's; `send` bounds the wait for the socket to take our bytes; 0 means none. */
export interface ExchangeTimeouts {
  readonly headersMs: number
  /** Between two chunks of the body. */
  readonly idleMs: number
}

export interface UpstreamRequest {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Name, value, name, value ...; Host included when it differs from the origin's. */
  readonly headers: string[]
  readonly body: Buffer | string | import('node:stream').Readable | null
  readonly timeouts: ExchangeTimeouts
}

export type UpstreamFailure =
  | 'connect'
  | 'connect_timeout'
  | 'headers_timeout'
  | 'body_timeout'
  | 'reset'
  | 'protocol'
  | 'tls'
  | 'dns'
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

/** Called in this order: head, data*, then exactly one of end or fail. Nothing after abort(). */
export interface ExchangeHandler {
  /** `headers` is a flat list in the upstream's spelling and order. 1xx are not told. */
  onHead(status: number, headers: string[], statusText: string): void
  onData(chunk: Buffer): void
  onEnd(): void
  onFail(error: UpstreamError): void
}

export interface Exchange {
  pause(): void
  resume(): void
  /** Closes the upstream connection; it is never pooled half-read. */
  abort(): void
}

export interface OriginOptions {
  /** `http://host:port` or `https://host:port`; the address connected to. */
  readonly origin: string
  /** TLS server name, where it differs from the origin's host. */
  readonly serverName?: string | undefined
  readonly verifyCertificate: boolean
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
  readonly connectTimeoutMs: number
  /** Connections kept idle at most, and how long (ms). 0 closes each after its answer. */
  readonly keepAlive: { readonly connections: number; readonly idleMs: number }
}

/** A pool of connections to one origin. Pools with equal options are one. */
export interface Origin {
  readonly options: OriginOptions
  send(request: UpstreamRequest, handler: ExchangeHandler): Exchange
}

export interface Origins {
  open(options: OriginOptions): Origin
  close(): Promise<void>
}
