// Tells an OpenTelemetry collector of requests and of the calls of models that they made (common-plugins.md §9).
import { defineStateKey, definePlugin, type RequestContext, traceContext } from '@weir/plugin-api'
import type { OtlpExport, RequestTracer, StartedSpan } from '@weir/telemetry/otlp'
import { attemptSpans, operationsOf } from './attempts.ts'
import { CollectorLink, type Link } from './collector-link.ts'
import { requestAttributes } from './request-attributes.ts'
import { type Config, metadataSchema, schema } from './schema.ts'
import { formatTraceParent, parseTraceParent, traceIdOf } from './trace-parent.ts'

const serverErrorMin = 500

interface Traced {
  readonly otlp: OtlpExport
  readonly span: StartedSpan
}

const traced = defineStateKey<Traced>('opentelemetry')

export const opentelemetry = definePlugin<Config>({
  name: 'opentelemetry',
  priority: 12_009,
  schema,
  metadataSchema,
  create(config, host) {
    const link = new CollectorLink(host)
    let tracer: RequestTracer | undefined
    let tracerOf: OtlpExport | undefined

    function begin(ctx: RequestContext, { otlp, metadata }: Link): void {
      if (tracerOf !== otlp) {
        tracerOf = otlp
        tracer = otlp.tracer(config.sampler)
      }
      if (!tracer) return
      const { headers } = ctx.request
      const parent = parseTraceParent(ctx.request.header('traceparent'))
      // What cannot be read is not passed on, and neither is the state that came with it.
      if (!parent && headers['tracestate'] !== undefined) headers['tracestate'] = undefined
      const byRequest = metadata.trace_id_source === 'x-request-id'
      const traceId = byRequest ? traceIdOf(ctx.request.header('x-request-id')) : undefined
      const startMs = performance.timeOrigin + ctx.startedAt
      const span = tracer.start(ctx.request.method, startMs, parent, traceId)
      const traceparent = formatTraceParent(span.ids)
      headers['traceparent'] = traceparent
      if (metadata.set_ngx_var) ctx.state.set(traceContext, { traceparent, ...span.ids })
      ctx.state.set(traced, { otlp, span })
    }

    return {
      rewrite(ctx) {
        const current = link.current()
        if (current instanceof Promise) return beginLater(ctx, current)
        if (current) begin(ctx, current)
        return undefined
      },

      log(ctx, summary) {
        const trace = ctx.state.get(traced)
        if (!trace) return
        const { otlp, span } = trace
        for (const operation of operationsOf(ctx, summary.durationMs)) otlp.count(operation)
        if (!span.isRecording) return
        const { request, route } = ctx
        const startMs = performance.timeOrigin + ctx.startedAt
        const endMs = startMs + summary.durationMs
        const isFault = summary.status >= serverErrorMin
        span.end(
          {
            name: route.uri === '' ? request.method : `${request.method} ${route.uri}`,
            startMs,
            endMs,
            attributes: requestAttributes(ctx, summary, config),
            error: isFault ? `${summary.source} error: ${summary.status}` : undefined,
          },
          attemptSpans(ctx, endMs),
        )
      },

      dispose: () => link.close(),
    }

    async function beginLater(ctx: RequestContext, opening: Promise<Link | undefined>): Promise<undefined> {
      const opened = await opening
      if (opened) begin(ctx, opened)
      return undefined
    }
  },
})
