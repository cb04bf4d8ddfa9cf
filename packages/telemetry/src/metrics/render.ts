// A snapshot as Prometheus reads it (text format 0.0.4).
import { declarationOf } from './catalog.ts'
import type { MetricsSnapshot, SeriesSnapshot } from './metrics.ts'
import { bucketsOf, labelNamesOf, type MetricsShape } from './shape.ts'

export interface RenderOptions {
  /** `plugin_attr.prometheus.metric_prefix`. */
  readonly prefix: string
  /** What was given to `createMetrics`. */
  readonly shape?: MetricsShape | undefined
}

export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

export function renderMetrics(snapshot: MetricsSnapshot, { prefix, shape = {} }: RenderOptions): string {
  const lines: string[] = []
  for (const name of Object.keys(snapshot).toSorted()) {
    const series = snapshot[name] ?? []
    if (series.length === 0) continue
    const declaration = declarationOf(name)
    const fullName = prefix + name
    lines.push(`# HELP ${fullName} ${declaration.help}`, `# TYPE ${fullName} ${declaration.type}`)
    const labels = labelNamesOf(name, shape)
    const bounds = bucketsOf(name, shape)
    for (const one of series) {
      if (declaration.type === 'histogram') renderHistogram(lines, fullName, labels, bounds, one)
      else lines.push(`${fullName}${renderLabels(labels, one, '')} ${one.values[0] ?? 0}`)
    }
  }
  lines.push('')
  return lines.join('\n')
}

function renderHistogram(
  lines: string[],
  name: string,
  names: readonly string[],
  bounds: readonly number[],
  series: SeriesSnapshot,
): void {
  let count = 0
  for (const [i, bound] of [...bounds, '+Inf'].entries()) {
    count += series.values[i] ?? 0
    lines.push(`${name}_bucket${renderLabels(names, series, `le="${bound}"`)} ${count}`)
  }
  const labels = renderLabels(names, series, '')
  lines.push(
    `${name}_count${labels} ${count}`,
    `${name}_sum${labels} ${series.values[bounds.length + 1] ?? 0}`,
  )
}

function renderLabels(names: readonly string[], series: SeriesSnapshot, extra: string): string {
  const pairs = names.map((label, i) => `${label}="${escapeLabel(series.labels[i] ?? '')}"`)
  if (extra !== '') pairs.push(extra)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
