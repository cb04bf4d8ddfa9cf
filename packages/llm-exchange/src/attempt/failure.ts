// How an attempt fails, and what the client is told (contract/ai-plugins.md §6.4). Where APISIX sends the HTML page of
// the status, the reason stands in JSON.
import type { ByteStream, ResponseSource } from '@weir/plugin-api'
import type { UpstreamError, UpstreamFailure } from '@weir/upstream'
import { streamPieces } from './pieces-out.ts'

export interface Failure {
  /** Of the reply, and what the retry rules look at. */
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer | string | ByteStream
  readonly source: ResponseSource
  /** For logs and alerts; names no host. */
  readonly reason: string
  /** Whether asking another instance could help at all. */
  readonly isFinal: boolean
}

const jsonHeaders = ['Content-Type', 'application/json']
const textHeaders = ['Content-Type', 'text/plain; charset=utf-8']

const reasons: Record<UpstreamFailure, string> = {
  connect: 'the LLM service could not be reached',
  connect_timeout: 'connecting to the LLM service timed out',
  headers_timeout: 'the LLM service did not answer in time',
  body_timeout: 'the LLM service stopped in the middle of its answer',
  reset: 'the LLM service closed the connection before its answer was complete',
  protocol: 'the LLM service sent no valid HTTP answer',
  tls: 'the TLS handshake with the LLM service failed',
  dns: 'the host of the LLM service could not be resolved',
  aborted: 'the request was given up',
}

/** Timeouts are 504, all else is 500, as in APISIX; never 502. */
export function transportFailure({ failure }: UpstreamError): Failure {
  const status = failure.endsWith('_timeout') ? 504 : 500
  return ownFailure(status, reasons[failure], 'nginx')
}

/** A text that the contract fixes, under the upstream's content type when there is one. */
export function textFailure(status: number, text: string, headers: readonly string[]): Failure {
  const typed = headers.length > 0 ? headers : textHeaders
  return { status, headers: typed, body: text, source: 'apisix', reason: text, isFinal: false }
}

/** `bytes` is in pieces when it is long; its length is then announced in `headers`. */
export function upstreamFailure(
  status: number,
  headers: string[],
  bytes: Buffer | readonly Buffer[],
): Failure {
  const body = Buffer.isBuffer(bytes) ? bytes : streamPieces(bytes, headers)
  return { status, headers, body, source: 'upstream', reason: `status ${status}`, isFinal: false }
}

export function ownFailure(status: number, message: string, source: ResponseSource = 'apisix'): Failure {
  const body = `${JSON.stringify({ error_msg: message })}\n`
  return { status, headers: jsonHeaders, body, source, reason: message, isFinal: false }
}

/** The request itself is wrong for this instance, and the contract says so in plain text. */
export function refusal(status: number, text: string): Failure {
  return { status, headers: textHeaders, body: text, source: 'apisix', reason: text, isFinal: true }
}

/** The model is in the path, and nobody names one; or the provider's place is not configured (§6 step 8). */
export const noPath: Failure = {
  ...ownFailure(
    400,
    'could not resolve upstream path: ensure the route or request body specifies a model, ' +
      'or that override.endpoint includes a path',
  ),
  isFinal: true,
}

/** `first_token_timeout` is over. */
export const lateToken = ownFailure(504, 'the LLM service sent no token in time', 'nginx')

const nothingSent = ownFailure(502, 'the LLM service ended its stream without sending anything usable')
/** In the contract's words. */
const nothingConverted = textFailure(
  502,
  'streaming response completed without producing any output; ' +
    'the upstream likely returned a different stream format than the converter expects',
  [],
)

export function emptyStream(isConverted: boolean): Failure {
  return isConverted ? nothingConverted : nothingSent
}
