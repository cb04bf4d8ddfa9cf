// The parts of OTLP's messages that tests look at (opentelemetry-proto: trace.proto, metrics.proto, common.proto).
import { bytesIn, type Message, messagesIn, numberIn, readMessage } from './wire.ts'

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Empty for the first of a trace. */
  readonly parentSpanId: string
  /** 2 server, 3 client. */
  readonly kind: number
  readonly startNs: bigint
  readonly endNs: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
  /** Code 2 is an error. */
  readonly status: { readonly code: number; readonly message: string }
}

export interface ReceivedHistogram {
  readonly name: string
  readonly unit: string
  readonly points: readonly {
    readonly count: bigint
    readonly sum: number
    readonly attributes: Readonly<Record<string, unknown>>
  }[]
}

export function decodeSpans(body: Buffer): readonly ReceivedSpan[] {
  return messagesIn(readMessage(body), 1).flatMap((perResource) => {
    const resource = attributesIn(messagesIn(perResource, 1)[0], 1)
    return messagesIn(perResource, 2).flatMap((perScope) =>
      messagesIn(perScope, 2).map((span) => toSpan(span, resource)),
    )
  })
}

function toSpan(span: Message, resource: ReceivedSpan['resource']): ReceivedSpan {
  const [status] = messagesIn(span, 15)
  return {
    name: bytesIn(span, 5).toString(),
    traceId: bytesIn(span, 1).toString('hex'),
    spanId: bytesIn(span, 2).toString('hex'),
    parentSpanId: bytesIn(span, 4).toString('hex'),
    kind: numberIn(span, 6),
    startNs: bytesIn(span, 7).readBigUInt64LE(),
    endNs: bytesIn(span, 8).readBigUInt64LE(),
    attributes: attributesIn(span, 9),
    resource,
    status: {
      code: status ? numberIn(status, 3) : 0,
      message: status ? bytesIn(status, 2).toString() : '',
    },
  }
}

export function decodeHistograms(body: Buffer): readonly ReceivedHistogram[] {
  return messagesIn(readMessage(body), 1)
    .flatMap((perResource) => messagesIn(perResource, 2))
    .flatMap((perScope) => messagesIn(perScope, 2))
    .map((metric) => ({
      name: bytesIn(metric, 1).toString(),
      unit: bytesIn(metric, 3).toString(),
      points: messagesIn(metric, 9)
        .flatMap((histogram) => messagesIn(histogram, 1))
        .map((point) => ({
          count: bytesIn(point, 4).readBigUInt64LE(),
          sum: bytesIn(point, 5).readDoubleLE(),
          attributes: attributesIn(point, 9),
        })),
    }))
}

function attributesIn(message: Message | undefined, field: number): Readonly<Record<string, unknown>> {
  const pairs = message ? messagesIn(message, field) : []
  return Object.fromEntries(
    pairs.map((pair) => [bytesIn(pair, 1).toString(), valueOf(messagesIn(pair, 2)[0])]),
  )
}

function valueOf(value: Message | undefined): unknown {
  if (value?.has(1)) return bytesIn(value, 1).toString()
  if (value?.has(2)) return numberIn(value, 2) === 1
  if (value?.has(3)) return numberIn(value, 3)
  return value?.has(4) ? bytesIn(value, 4).readDoubleLE() : undefined
}
