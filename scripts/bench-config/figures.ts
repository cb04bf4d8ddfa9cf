// What was measured, and whether that is what it must.

export interface Figure {
  readonly what: string
  readonly measured: number
  readonly unit: string
  /** Undefined: for information. */
  readonly must?: { readonly atMost: number } | { readonly atLeast: number }
  readonly note?: string
}

/** NaN, of what could not be measured, is never met. */
export function isMet({ measured, must }: Figure): boolean {
  if (must === undefined) return true
  return 'atMost' in must ? measured <= must.atMost : measured >= must.atLeast
}

export function toTable(figures: readonly Figure[]): string {
  const lines = [
    ['what', 'measured', 'must', 'verdict', ''],
    ...figures.map((figure) => [
      figure.what,
      `${round(figure.measured)} ${figure.unit}`,
      limitOf(figure),
      figure.must === undefined ? '' : isMet(figure) ? 'met' : 'MISSED',
      figure.note ?? '',
    ]),
  ]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const draw = (line: readonly string[]) =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = [], ...rows] = lines
  return [draw(head), draw(widths.map((width) => '-'.repeat(width))), ...rows.map(draw)].join('\n')
}

function limitOf({ must, unit }: Figure): string {
  if (must === undefined) return ''
  return 'atMost' in must ? `≤ ${must.atMost} ${unit}` : `≥ ${must.atLeast} ${unit}`
}

function round(value: number): string {
  if (Number.isNaN(value)) return '?'
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
