// One run of `weir migrate`, and its report.
import { exitStatus } from '../exit-status.ts'
import type { Judges } from '../survey/assess.ts'
import { createOutput } from '../survey/output.ts'
import type { Source } from '../survey/source.ts'
import { copyDocument, type CopyOptions } from './copy.ts'
import { goThrough } from './go-through.ts'
import { createJsonReport, createTable, type Report } from './report.ts'
import { Tally } from './tally.ts'

export interface Migration {
  readonly source: Source
  readonly judges: Judges
  /** Whether the source is a store, whose texts can be taken over as they are. */
  readonly isStored: boolean
  readonly format: 'table' | 'json'
  /** What else is to be said at the end. */
  readonly remarks: readonly string[]
}

export interface CopyTarget {
  readonly description: string
  readonly options: CopyOptions
}

/** With a target it copies what it reports. Answers the exit status. */
export async function writeReport(migration: Migration, target?: CopyTarget): Promise<number> {
  const { source, judges } = migration
  const report = createReport(migration, target)
  const tally = new Tally()
  await report.begin()
  await goThrough({
    source,
    judges,
    doing: target ? 'copying' : 'reading',
    async visit(some) {
      const copies = target && (await Promise.all(some.map((one) => copyDocument(one, target.options))))
      for (const [index, { entry, assessment }] of some.entries()) {
        const copy = copies?.[index]
        tally.add(entry, assessment, copy)
        await report.row({ key: entry.key, assessment, copy })
      }
    },
  })
  await report.end(tally.sums, migration.remarks)
  return tally.isFine ? exitStatus.fine : exitStatus.problems
}

function createReport({ source, format }: Migration, target: CopyTarget | undefined): Report {
  const create = format === 'json' ? createJsonReport : createTable
  return create({
    out: createOutput(process.stdout),
    source: source.description,
    target: target?.description,
  })
}
