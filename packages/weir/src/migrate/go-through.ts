// One pass over all documents of a source, with a progress bar.
import type { Judges } from '../survey/assess.ts'
import type { Source } from '../survey/source.ts'
import { type Surveyed, survey } from '../survey/survey.ts'
import { surveyPluginList } from './plugin-list.ts'
import { createProgress } from './progress.ts'

/** Documents that are worked on at once. */
const BATCH = 32

export interface Pass {
  readonly source: Source
  readonly judges: Judges
  /** What the progress bar says. */
  readonly doing: string
  readonly visit: (some: readonly Surveyed[]) => Promise<void>
}

export async function goThrough({ source, judges, doing, visit }: Pass): Promise<void> {
  const progress = createProgress(process.stderr, doing, await source.count())
  try {
    const list = await source.pluginList()
    if (list) await visit([surveyPluginList(list)])
    for await (const page of survey(source, judges)) {
      for (let first = 0; first < page.length; first += BATCH) {
        const some = page.slice(first, first + BATCH)
        await visit(some)
        progress.advance(some.length)
      }
    }
  } finally {
    progress.end()
  }
}
