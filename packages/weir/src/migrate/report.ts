// The report: a line or an object for each document as soon as it is known, and the sums.
import type { Output } from '../survey/output.ts'
import type { Assessment, Verdict } from '../survey/verdict.ts'
import type { Outcome } from './copy.ts'

interface Row {
  /** Below the prefix: `/routes/1`. */
  readonly key: string
  readonly assessment: Assessment
  /** Undefined when nothing is copied. */
  readonly copy: Outcome | undefined
}

export interface Sums {
  readonly documents: number
  readonly verdicts: Readonly<Record<Verdict, number>>
  /** Empty when nothing was copied. */
  readonly copies: ReadonlyMap<Outcome, number>
}

export interface Report {
  begin(): Promise<void>
  row(row: Row): Promise<void>
  end(sums: Sums, remarks: readonly string[]): Promise<void>
}

export interface ReportOptions {
  readonly out: Output
  readonly source: string
  /** Where copies go. */
  readonly target: string | undefined
}

const KEY_WIDTH = 40
const VERDICT_WIDTH = 9
const COPY_WIDTH = 10

export function createTable({ out, source, target }: ReportOptions): Report {
  const columns = (key: string, verdict: string, copy: string, why: string) => {
    const copied = target === undefined ? '' : copy.padEnd(COPY_WIDTH)
    return `${verdict.padEnd(VERDICT_WIDTH)}${copied}${key.padEnd(KEY_WIDTH)}  ${why}`.trimEnd()
  }
  return {
    begin: () => out.line(columns('RESOURCE', 'VERDICT', 'COPY', 'WHY')),
    async row({ key, assessment, copy = '' }) {
      const { verdict, reasons, differences, notes } = assessment
      const [first = '', ...others] = [...reasons, ...differences, ...notes.map((note) => `note: ${note}`)]
      await out.line(columns(key, verdict, copy, first))
      for (const why of others) await out.line(columns('', '', '', why))
    },
    async end({ documents, verdicts, copies }, remarks) {
      const { runs, differs, refused } = verdicts
      await out.line('')
      const counted = documents === 1 ? '1 document' : `${documents} documents`
      await out.line(
        `${counted} of ${source}: ${runs} run, ${differs} run differently, ${refused} are refused`,
      )
      if (copies.size > 0) {
        const counts = Array.from(copies, ([outcome, count]) => `${count} ${outcome}`)
        await out.line(`to ${target}: ${counts.join(', ')}`)
      }
      for (const remark of remarks) await out.line(remark)
    },
  }
}

export function createJsonReport({ out, source, target }: ReportOptions): Report {
  let separator = ''
  return {
    begin: () => out.line(`{"source":${JSON.stringify(source)},"resources":[`),
    async row({ key, assessment, copy }) {
      await out.line(separator + JSON.stringify({ key, ...assessment, copy }))
      separator = ','
    },
    async end({ documents, verdicts, copies }, remarks) {
      const copied = copies.size > 0 && { target, copies: Object.fromEntries(copies) }
      const summary = JSON.stringify({ documents, ...verdicts, ...copied, remarks })
      await out.line(`],"summary":${summary}}`)
    },
  }
}
