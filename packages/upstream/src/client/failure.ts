// From what undici, TLS, DNS and sockets throw to the few kinds of failure that retries and status codes depend on.
import { UpstreamError, type UpstreamFailure } from './exchange.ts'

const tlsCodes =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|EPROTO)/
const garbage = new Set(['bad response', 'bad upgrade'])

/** `sent`: the request was begun on a connection. `target`: host:port for the message. */
export function toUpstreamError(error: Error, target: string, sent: boolean): UpstreamError {
  // A parser's error quotes the bytes it could not parse, which are an answer's, so it is not passed on.
  if (error.name === 'HTTPParserError') {
    const failure = error.message.includes('EOF') ? 'reset' : 'protocol'
    return new UpstreamError(failure, `${target}: ${wording[failure]}`, sent)
  }
  const failure = classify(error, sent)
  return new UpstreamError(failure, `${target}: ${describe(failure, error)}`, sent, { cause: error })
}

function classify(error: Error, sent: boolean): UpstreamFailure {
  const code = codeOf(error)
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'connect_timeout'
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED' || code === 'UND_ERR_ABORTED')
    return 'aborted'
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'UND_ERR_INVALID_ARG') return 'protocol'
  if (code === 'UND_ERR_NOT_SUPPORTED' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') return 'protocol'
  if (sent) return code === 'UND_ERR_SOCKET' && garbage.has(error.message) ? 'protocol' : 'reset'
  if (tlsCodes.test(code)) return 'tls'
  if (code === 'ENOTFOUND' || code.startsWith('EAI_') || code.startsWith('EDNS_')) return 'dns'
  return code === 'ETIMEDOUT' ? 'connect_timeout' : 'connect'
}

/** The error's code, or the first one inside an AggregateError of several addresses that all failed. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError) {
    for (const inner of error.errors) if (inner instanceof Error && 'code' in inner) return codeOf(inner)
  }
  return ''
}

function describe(failure: UpstreamFailure, error: Error): string {
  const code = codeOf(error)
  return code === '' ? wording[failure] : `${wording[failure]} (${code})`
}

/** What each kind of failure is called in a log. */
export const wording: Record<UpstreamFailure, string> = {
  connect: 'could not connect',
  connect_timeout: 'connecting timed out',
  headers_timeout: 'timed out waiting for the answer',
  body_timeout: 'timed out in the middle of the answer',
  reset: 'the connection was closed before the answer was complete',
  protocol: 'not a usable HTTP/1.1 exchange',
  tls: 'the TLS handshake failed',
  dns: 'the name could not be resolved',
  aborted: 'the exchange was given up',
}
