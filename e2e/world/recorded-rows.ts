// Recorded calls of APISIX, and what of them can be equal anywhere.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RecordedCall {
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
}

export interface RecordedRow extends RecordedCall {
  readonly route?: {
    readonly uri: string
    readonly hosts?: readonly string[]
    readonly vars?: unknown
  } | null
  readonly upstream_seen?: readonly {
    readonly port: number
    readonly method: string
    readonly url: string
    readonly headers: readonly (readonly [string, string])[]
    readonly body: string
  }[]
}

export function readRecorded(file: string): string {
  return readFileSync(join(import.meta.dirname, '../recorded', file), 'utf8')
}

export function readRecordedRows(file: string): readonly RecordedRow[] {
  return readRecorded(file)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as RecordedRow)
}

/** JSON parsed, events one by one, and fresh identifiers and the parser's own words made equal. */
export function comparable(text: string): unknown {
  const same = sameIds(text).replace(/(could not parse JSON request body: )[^"]*/, '$1…')
  if (/^(data|event):/.test(same)) {
    return same.split('\n').map((line) => (line.startsWith('data: {') ? parse(line.slice(6)) : line))
  }
  return parse(same)
}

/** Fresh identifiers made equal. */
export function sameIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Of a page of metrics what does not depend on the traffic: `name type`, and each sample's labels and buckets. */
export function metricsShape(page: string): readonly string[] {
  const shapes = new Set<string>()
  for (const line of page.split('\n')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (name !== '') shapes.add(`${name} ${type}`)
    const [, sample = '', labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
    // What a label says is the traffic's, but for the few that tell parts of one metric apart.
    const names = labels.replaceAll(/\b(?!le=|key=|state=)(\w+)="(?:[^"\\]|\\.)*"/g, '$1')
    if (sample !== '') shapes.add(`${sample} ${names}`)
  }
  return Array.from(shapes).toSorted()
}
