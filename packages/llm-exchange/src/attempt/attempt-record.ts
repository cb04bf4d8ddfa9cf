// What variables, logs and metrics are told of an attempt.
import type { UpstreamAttempt, UpstreamRecord } from '@weir/plugin-api'
import type { Exchange } from '@weir/upstream'
import type { Instance } from '../instance/instance.ts'
import type { PreparedRequest } from './prepare-request.ts'

export function beginRecord(
  upstream: UpstreamRecord,
  { name, provider, scheme, hostName }: Instance,
  address: string,
  model: string,
  path: string,
  startedAt: number,
): UpstreamAttempt {
  const record: UpstreamAttempt = {
    address,
    node: name,
    provider,
    model,
    startedAt,
    status: 0,
    connectMs: undefined,
    headerMs: undefined,
    responseMs: undefined,
  }
  upstream.attempts.push(record)
  upstream.scheme = scheme
  upstream.host = hostName
  upstream.uri = path
  upstream.node = name
  return record
}

export function endRecord(record: UpstreamAttempt, status: number): void {
  record.status = status
  record.responseMs = performance.now() - record.startedAt
}

/**
 * Of a long request. An upstream may answer before it has read everything, and an earlier attempt may still be about
 * to end.
 */
export function noteSent(
  upstream: UpstreamRecord,
  request: PreparedRequest | undefined,
  exchange: Exchange | undefined,
): void {
  if (Buffer.isBuffer(request?.body)) return
  upstream.hasTakenRequest = upstream.attempts.length === 1 && exchange?.hasSent === true
}
