// `weir migrate --apply`: looks at everything first, and copies only if nothing is in the way.
import { exitStatus } from '../exit-status.ts'
import { describeStore, openKept } from '../open-store.ts'
import { reaching } from '../survey/reaching.ts'
import { createVault } from '../survey/vault.ts'
import { goThrough } from './go-through.ts'
import { type Migration, writeReport } from './migration.ts'
import type { Place } from './places.ts'
import { holdsSameHistory, isSamePlace } from './same-store.ts'
import { Tally } from './tally.ts'

export interface Application {
  readonly from: Place
  readonly to: Place
  /** Whether different documents of the target give way. */
  readonly force: boolean
}

/** Answers the exit status. @throws Error with a sentence when source and target are one store. */
export async function apply(migration: Migration, application: Application): Promise<number> {
  const { from, to } = application
  if (to.settings.deployment.config_provider !== 'etcd') {
    throw new Error('only a store can be copied to, and the target has its configuration in a file')
  }
  const description = describeStore(to.settings, to.directory)
  if (migration.isStored && isSamePlace(from.settings, to.settings)) throw sameStore(description)
  const seen = await look(migration)
  if (seen.undecryptable > 0) {
    const remark = `nothing was copied: ${seen.undecryptable} documents are encrypted with keys that are not at hand`
    await writeReport({ ...migration, remarks: [...migration.remarks, remark] })
    return exitStatus.problems
  }
  return reaching(`cannot write ${description}`, () => copy(migration, application, description, seen))
}

/** A pass that only counts. */
async function look({ source, judges }: Migration): Promise<Tally> {
  const tally = new Tally()
  await goThrough({
    source,
    judges,
    doing: 'checking',
    async visit(some) {
      for (const { entry, assessment } of some) tally.add(entry, assessment)
    },
  })
  return tally
}

async function copy(
  migration: Migration,
  { to, force }: Application,
  description: string,
  { samples }: Tally,
): Promise<number> {
  const { source, judges, isStored } = migration
  const store = await openKept(to.settings)
  try {
    if (force && (await holdsSameHistory(store, samples))) throw sameStore(description)
    await store.initialize()
    const target = createVault(to.settings, true)
    const { vault, fields } = judges
    const options = { store, source: vault, target, fields, force, isStored }
    // What is read in here is the source, whose errors have their own words.
    return await reaching(`cannot go on with ${source.description} to ${description}`, () =>
      writeReport(migration, { description, options }),
    )
  } finally {
    await store.close()
  }
}

function sameStore(description: string): Error {
  return new Error(`source and target are the same: ${description}`)
}
