// What a failed try means: the client's status, and whether another try may follow (routing.md §1, §8.1).
import { GatewayError } from '@weir/contract'
import type { UpstreamError } from '../client/index.ts'

export function isTimeout({ failure }: UpstreamError): boolean {
  return failure === 'connect_timeout' || failure === 'headers_timeout' || failure === 'body_timeout'
}

/** For the client, and thus without addresses; those are in the cause. */
export function toGatewayError(cause: UpstreamError): GatewayError {
  if (isTimeout(cause)) {
    return new GatewayError('upstream_timeout', 'the upstream did not answer in time', { cause })
  }
  if (cause.failure === 'connect' || cause.failure === 'tls' || cause.failure === 'dns') {
    return new GatewayError('upstream_refused', 'the upstream cannot be reached', { cause })
  }
  return new GatewayError('upstream_broken', 'the upstream gave no usable answer', { cause })
}

/** Sent once only: a second time they might do again what was done already. */
const unrepeatable: ReadonlySet<string> = new Set(['POST', 'PATCH', 'LOCK'])

/** Whether a request may be sent again although some of it was sent before. */
export function isRepeatable(method: string): boolean {
  return !unrepeatable.has(method)
}

/** Whether another try makes sense and is allowed. What is no HTTP would be so again. */
export function mayRetry(error: UpstreamError, method: string): boolean {
  if (error.failure === 'protocol' || error.failure === 'aborted') return false
  return !error.sent || isRepeatable(method)
}
