// What is told to a collector, and how, in plain values: whoever tells it need not load OpenTelemetry's packages.

export interface OtlpSettings {
  /** `host:port`, or with `http://` or `https://` before it. */
  readonly address: string
  readonly requestTimeoutMs: number
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly resource: Readonly<Record<string, string | number | boolean>>
  /** Spans that wait at most; further ones are dropped. */
  readonly queueSpansMax: number
  readonly batchSpansMax: number
  readonly batchMs: number
  /** Milliseconds between two exports of metrics; 0: none. */
  readonly metricsMs: number
}

export interface SamplerSettings {
  readonly name: 'always_on' | 'always_off' | 'trace_id_ratio' | 'parent_base'
  readonly options: {
    readonly fraction: number
    readonly root?: {
      readonly name: 'always_on' | 'always_off' | 'trace_id_ratio'
      readonly options: { readonly fraction: number }
    }
  }
}

/** W3C Trace Context. */
export interface TraceParent {
  /** 32 hexadecimal digits, lower case, not all 0. */
  readonly traceId: string
  /** 16 of them. */
  readonly spanId: string
  readonly isSampled: boolean
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** Times in milliseconds since the epoch. */
export interface SpanFacts {
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: SpanAttributes
  /** Set on failure. */
  readonly error: string | undefined
}

/** One operation of a model, for the metrics of the GenAI conventions. Times in milliseconds. */
export interface OperationFacts {
  readonly attributes: SpanAttributes
  readonly durationMs: number
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  readonly firstChunkMs: number | undefined
  readonly perOutputTokenMs: number | undefined
}
