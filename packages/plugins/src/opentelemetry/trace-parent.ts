// The header `traceparent` (W3C Trace Context, §3.2).
import type { TraceParent } from '@weir/telemetry/otlp'

/** Versions to come may add members behind the flags. */
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})($|-)/

/** Undefined when it is absent or cannot be read: the trace begins here then. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const [, version, traceId, spanId, flags = '', behind] = pattern.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined || (version === '00' && behind !== '')) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export function formatTraceParent({ traceId, spanId, isSampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

/** Of a request that brings one of 32 hexadecimal digits. */
export function traceIdOf(requestId: string | undefined): string | undefined {
  return requestId !== undefined && /^(?!0{32})[0-9a-f]{32}$/i.test(requestId)
    ? requestId.toLowerCase()
    : undefined
}
