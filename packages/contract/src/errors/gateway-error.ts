// Failures that have an answer: a stable code, the status a client gets, and the cause for the log.

/** Every code and its HTTP status. A status of 500 is for what clients do not see or cannot cause. */
const statuses = {
  /** A client's document or request breaks a rule. */
  invalid_configuration: 400,
  invalid_request: 400,
  not_found: 404,
  body_too_large: 413,
  /** No upstream, no nodes, or none that may be tried (contract/routing.md §1). */
  no_upstream: 503,
  upstream_unknown: 502,
  upstream_refused: 502,
  upstream_broken: 502,
  upstream_timeout: 504,
  retry_deadline: 502,
  /** The store of the configuration does not answer (contract/admin-api.md §1.3). */
  store_unavailable: 503,
  counter_store_unavailable: 500,
  plugin_unavailable: 503,
  client_gone: 499,
  /** A stage of a plugin broke, or ended the stream. */
  stage_failed: 500,
  stream_finished: 500,
  internal: 500,
} as const

export type ErrorCode = keyof typeof statuses

export interface GatewayErrorOptions {
  /** What happened underneath; for logs, never for clients. */
  readonly cause?: unknown
  /** Where one code has several statuses; default: the table's. */
  readonly status?: number
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  /** 400 to 599. */
  readonly status: number

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.status = options.status ?? statuses[code]
  }
}
