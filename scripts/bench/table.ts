// What was measured, as a table for people and as JSON for comparison.
import { median } from './numbers.ts'
import type { Measured, Row } from './row.ts'

export interface Result {
  readonly row: string
  readonly title: string
  readonly unit: string
  readonly weir: number
  readonly reference: number | undefined
  /** weir / reference. */
  readonly ratio: number | undefined
  readonly must: Row['must']
  readonly met: boolean
  readonly note: string
  /** Every round, in the unit. */
  readonly rounds: Measured
}

export function toResult(row: Row, measured: Measured): Result {
  const weir = median(measured.weir)
  const reference = measured.reference && median(measured.reference)
  const ratio = reference === undefined ? undefined : weir / reference
  // NaN, of a row that could not be measured, is never met.
  const met = 'times' in row.must ? (ratio ?? Number.NaN) <= row.must.times : weir <= row.must.atMost
  const { id, title, unit, must } = row
  return {
    row: id,
    title,
    unit,
    weir,
    reference,
    ratio,
    must,
    met,
    note: measured.note ?? '',
    rounds: measured,
  }
}

export function toTable(results: readonly Result[]): string {
  const lines = [
    ['row', 'work', 'unit', 'nginx', 'weir', '× nginx', 'must', 'verdict', ''],
    ...results.map((result) => [
      result.row,
      result.title,
      result.unit,
      short(result.reference),
      short(result.weir),
      short(result.ratio),
      'times' in result.must ? `${result.must.times} ×` : `${result.must.atMost} ${result.unit}`,
      result.met ? 'met' : 'MISSED',
      result.note,
    ]),
  ]
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length))) ?? []
  const draw = (line: readonly string[]) =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = [], ...rows] = lines
  return [draw(head), draw(widths.map((width) => '-'.repeat(width))), ...rows.map(draw)].join('\n')
}

function short(value: number | undefined): string {
  if (value === undefined) return ''
  if (Number.isNaN(value)) return '?'
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
