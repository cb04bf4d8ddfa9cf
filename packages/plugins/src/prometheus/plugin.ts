// Counts requests, bytes, times and tokens for Prometheus (common-plugins.md §8). The page itself is served by the
// gateway's metrics server.
import { defineStateKey, definePlugin } from '@weir/plugin-api'
import type { BoundGauge } from '@weir/telemetry'
import { ExtraLabels, LabelledMetrics, labelsKeyOf, labelsOf } from './labels.ts'
import { RequestSeries } from './request-series.ts'
import { type Config, metadataSchema, schema } from './schema.ts'

/** Remembered sets of bound series; beyond it all are bound anew, which costs microseconds. */
const seriesMax = 2000

const activeConnection = defineStateKey<BoundGauge>('active-connection')

export const prometheus = definePlugin<Config>({
  name: 'prometheus',
  priority: 500,
  preferRoute: true,
  schema,
  metadataSchema,
  create({ prefer_name }, host) {
    const bound = new Map<string, RequestSeries>()
    const extra = new ExtraLabels(host.metrics.extraLabels)
    let metadata: unknown
    let metrics = new LabelledMetrics(host.metrics, {})

    function followMetadata(): void {
      const current = host.metadata()
      if (current === metadata) return
      metadata = current
      const parsed = metadataSchema.parse(current)
      metrics = new LabelledMetrics(host.metrics, (parsed.ok && parsed.value.disabled_labels) || {})
      bound.clear()
    }

    return {
      access(ctx) {
        if (!ctx.llm) return undefined
        followMetadata()
        const { name = '', serviceName = '' } = ctx.route
        const labels = { ...labelsOf(ctx, false), route: name, service: serviceName }
        const gauge = metrics.with(extra.of(ctx)).gauge('llm_active_connections', labels)
        gauge.inc()
        ctx.state.set(activeConnection, gauge)
        return undefined
      },

      log(ctx, summary) {
        followMetadata()
        ctx.state.get(activeConnection)?.dec()
        const key = labelsKeyOf(ctx, prefer_name) + extra.keyOf(ctx)
        let series = bound.get(key)
        if (!series) {
          if (bound.size >= seriesMax) bound.clear()
          series = new RequestSeries(metrics.with(extra.of(ctx)), labelsOf(ctx, prefer_name))
          bound.set(key, series)
        }
        series.count(summary, ctx)
      },
    }
  },
})
