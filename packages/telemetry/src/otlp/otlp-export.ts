// Spans and metrics on their way to one collector, by OpenTelemetry's own packages: OTLP over HTTP, as protobuf.
import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import {
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Logger } from '../types.ts'
import { logFailures } from './failure-log.ts'
import { type CountOperation, createGenAiMetrics } from './genai-metrics.ts'
import { createSampler } from './samplers.ts'
import type { OperationFacts, OtlpSettings, SamplerSettings, SpanFacts, TraceParent } from './types.ts'

const scope = 'weir'
/** Characters of one attribute; clients choose what many of them hold. */
const attributeLengthMax = 1024
const attributesMax = 128
/** Sets of attributes of one metric; clients choose models. */
const seriesMax = 2000

export interface OtlpExport {
  tracer(sampler: SamplerSettings): RequestTracer
  count(operation: OperationFacts): void
  /** Sends what waits, and lets go. Never rejects. */
  close(): Promise<void>
}

export interface RequestTracer {
  /** `traceId`: of a trace that begins here, instead of a random one. */
  start(name: string, startMs: number, parent: TraceParent | undefined, traceId?: string): StartedSpan
}

export interface StartedSpan {
  readonly ids: TraceParent
  /** Whether its facts will be sent; `end` need not be called otherwise. */
  readonly isRecording: boolean
  end(facts: SpanFacts, children: readonly SpanFacts[]): void
}

export function openOtlp(settings: OtlpSettings, log: Logger): OtlpExport {
  const base = /^https?:\/\//.test(settings.address) ? settings.address : `http://${settings.address}`
  const resource = resourceFromAttributes(settings.resource)
  const target = (path: string) => ({
    url: new URL(path, base).href,
    headers: { ...settings.requestHeaders },
    timeoutMillis: settings.requestTimeoutMs,
  })
  const processor = new BatchSpanProcessor({
    exporter: logFailures(new OTLPTraceExporter(target('/v1/traces')), 'spans', log),
    maxQueueSize: settings.queueSpansMax,
    maxExportBatchSize: Math.min(settings.batchSpansMax, settings.queueSpansMax),
    scheduledDelayMillis: settings.batchMs,
    exportTimeoutMillis: settings.requestTimeoutMs,
  })
  const metrics =
    settings.metricsMs > 0
      ? openMetrics(
          logFailures(new OTLPMetricExporter(target('/v1/metrics')), 'metrics', log),
          settings,
          resource,
        )
      : undefined
  return {
    tracer: (sampler) => createTracer(sampler, processor, resource),
    count: (operation) => metrics?.count(operation),
    async close() {
      await Promise.allSettled([processor.shutdown(), metrics?.close()])
    },
  }
}

function openMetrics(
  exporter: OTLPMetricExporter,
  { metricsMs, requestTimeoutMs }: OtlpSettings,
  resource: Resource,
): { readonly count: CountOperation; close(): Promise<void> } {
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: metricsMs,
    exportTimeoutMillis: Math.min(requestTimeoutMs, metricsMs),
    cardinalityLimits: { default: seriesMax },
  })
  const provider = new MeterProvider({ resource, readers: [reader] })
  return { count: createGenAiMetrics(provider.getMeter(scope)), close: () => provider.shutdown() }
}

/** A trace that begins here may be given its id; there is one call between asking for it and using it. */
class Ids implements IdGenerator {
  nextTraceId: string | undefined
  readonly #random = new RandomIdGenerator()

  generateTraceId(): string {
    const given = this.nextTraceId
    this.nextTraceId = undefined
    return given ?? this.#random.generateTraceId()
  }

  generateSpanId(): string {
    return this.#random.generateSpanId()
  }
}

function createTracer(
  sampler: SamplerSettings,
  processor: BatchSpanProcessor,
  resource: Resource,
): RequestTracer {
  const ids = new Ids()
  const provider = new TracerProvider({
    sampler: createSampler(sampler),
    resource,
    idGenerator: ids,
    spanProcessors: [processor],
    spanLimits: { attributeValueLengthLimit: attributeLengthMax, attributeCountLimit: attributesMax },
  })
  const tracer = provider.getTracer(scope)
  return {
    start(name, startMs, parent, traceId) {
      ids.nextTraceId = parent ? undefined : traceId
      const context = parent ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent)) : ROOT_CONTEXT
      return new RequestSpan(
        tracer,
        tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: startMs }, context),
      )
    },
  }
}

class RequestSpan implements StartedSpan {
  readonly ids: TraceParent
  readonly #tracer: Tracer
  readonly #span: Span

  constructor(tracer: Tracer, span: Span) {
    this.#tracer = tracer
    this.#span = span
    const { traceId, spanId, traceFlags } = span.spanContext()
    this.ids = { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }
  }

  get isRecording(): boolean {
    return this.#span.isRecording()
  }

  end(facts: SpanFacts, children: readonly SpanFacts[]): void {
    const context = trace.setSpan(ROOT_CONTEXT, this.#span)
    for (const child of children) {
      const span = this.#tracer.startSpan(
        child.name,
        { kind: SpanKind.CLIENT, startTime: child.startMs },
        context,
      )
      finish(span, child)
    }
    this.#span.updateName(facts.name)
    finish(this.#span, facts)
  }
}

function finish(span: Span, { attributes, error, endMs }: SpanFacts): void {
  span.setAttributes(attributes)
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
  span.end(endMs)
}

function toSpanContext({ traceId, spanId, isSampled }: TraceParent) {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true }
}
