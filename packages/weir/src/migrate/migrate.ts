// `weir migrate`: says what becomes of every document of an APISIX, and copies them if told to.
import { createJudges } from '../survey/judges.ts'
import { reaching } from '../survey/reaching.ts'
import { createVault } from '../survey/vault.ts'
import { withoutEffect } from '../without-effect.ts'
import { apply } from './apply.ts'
import type { MigrateArguments } from './arguments.ts'
import { type Migration, writeReport } from './migration.ts'
import { openMigrationSource, type Place, sourcePlace, targetPlace } from './places.ts'

/**
 * Answers the exit status.
 * @throws Error with a sentence when a file cannot be used, Unreachable when the source or the target is away.
 */
export async function migrate(args: MigrateArguments): Promise<number> {
  const from = await sourcePlace(args)
  const to = await targetPlace(args, from)
  const source = await openMigrationSource(args, from)
  try {
    return await reaching(`cannot read ${source.description}`, async () => {
      const isStored = isStore(args, from)
      const vault = createVault(from.settings, isStored)
      const { settings, directory } = to ?? from
      const judges = await createJudges({ source, vault, settings, directory })
      const migration: Migration = {
        source,
        judges,
        isStored,
        format: args.format,
        remarks: remarks(args, from),
      }
      return args.apply && to ? apply(migration, { from, to, force: args.force }) : writeReport(migration)
    })
  } finally {
    await source.close()
  }
}

/** Whether documents come from a store, which encrypts their fields. */
function isStore({ source }: MigrateArguments, { settings }: Place): boolean {
  return (
    source.kind === 'etcd' || (source.kind === 'config' && settings.deployment.config_provider === 'etcd')
  )
}

function remarks(args: MigrateArguments, { settings }: Place): readonly string[] {
  const { config, to, toPrefix } = args
  const said: string[] = []
  if (!args.apply && (to ?? toPrefix) !== undefined) said.push('nothing was copied: that takes --apply')
  const inVain = config === undefined ? [] : withoutEffect(settings)
  if (inVain.length > 0) said.push(`${config}: without effect: ${inVain.join(', ')}`)
  return said
}
