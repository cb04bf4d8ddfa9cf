// A snapshot as Prometheus reads it (text format 0.0.4).
import { declarationOf, type MetricDeclaration } from './catalog.ts'
import type { MetricsSnapshot, SeriesSnapshot } from './metrics.ts'

export interface RenderOptions {
  /** `plugin_attr.prometheus.metric_prefix`. */
  readonly prefix: string
  /** The buckets that were given to `createMetrics`. */
  readonly buckets?: Readonly<Record<string, readonly number[]>> | undefined
}

export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

export function renderMetrics(snapshot: MetricsSnapshot, { prefix, buckets }: RenderOptions): string {
  const lines: string[] = []
  for (const name of Object.keys(snapshot).toSorted()) {
    const series = snapshot[name] ?? []
    if (series.length === 0) continue
    const declaration = declarationOf(name)
    const fullName = prefix + name
    lines.push(`# HELP ${fullName} ${declaration.help}`, `# TYPE ${fullName} ${declaration.type}`)
    const bounds = buckets?.[name] ?? declaration.buckets ?? []
    for (const one of series) {
      if (declaration.type === 'histogram') renderHistogram(lines, fullName, declaration, bounds, one)
      else lines.push(`${fullName}${renderLabels(declaration, one, '')} ${one.values[0] ?? 0}`)
    }
  }
  lines.push('')
  return lines.join('\n')
}

function renderHistogram(
  lines: string[],
  name: string,
  declaration: MetricDeclaration,
  bounds: readonly number[],
  series: SeriesSnapshot,
): void {
  let count = 0
  for (const [i, bound] of [...bounds, '+Inf'].entries()) {
    count += series.values[i] ?? 0
    lines.push(`${name}_bucket${renderLabels(declaration, series, `le="${bound}"`)} ${count}`)
  }
  const labels = renderLabels(declaration, series, '')
  lines.push(
    `${name}_count${labels} ${count}`,
    `${name}_sum${labels} ${series.values[bounds.length + 1] ?? 0}`,
  )
}

function renderLabels({ labels }: MetricDeclaration, series: SeriesSnapshot, extra: string): string {
  const pairs = labels.map((label, i) => `${label}="${escapeLabel(series.labels[i] ?? '')}"`)
  if (extra !== '') pairs.push(extra)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
