// `weir check`: reads the configuration and every document behind it, and says what is wrong with them.
import { readFile } from 'node:fs/promises'
import { parseSettings, type Settings } from '@weir/contract'
import { exitStatus } from './exit-status.ts'
import type { ConfigFile } from './read-settings.ts'
import { createJudges } from './survey/judges.ts'
import { openSource } from './survey/open-source.ts'
import { createOutput } from './survey/output.ts'
import { reaching } from './survey/reaching.ts'
import type { Source } from './survey/source.ts'
import { survey } from './survey/survey.ts'
import { createVault } from './survey/vault.ts'
import { withoutEffect } from './without-effect.ts'

/**
 * Answers the exit status.
 * @throws Error with a sentence when the configuration cannot be used, Unreachable when its store is away.
 */
export async function check(file: ConfigFile): Promise<number> {
  const settings = parseSettings(await readFile(file.path, 'utf8'), process.env)
  const source = await openSource(settings, file.directory)
  try {
    return await reaching(`cannot read ${source.description}`, () => report(source, settings, file))
  } finally {
    await source.close()
  }
}

async function report(source: Source, settings: Settings, { path, directory }: ConfigFile): Promise<number> {
  const out = createOutput(process.stdout)
  const vault = createVault(settings, settings.deployment.config_provider === 'etcd')
  const judges = await createJudges({ source, vault, settings, directory })
  let documents = 0
  let problems = 0
  for await (const page of survey(source, judges)) {
    documents += page.length
    for (const { entry, assessment } of page) {
      for (const problem of [...assessment.reasons, ...assessment.notes]) {
        problems += 1
        await out.line(`${entry.key}: ${problem}`)
      }
    }
  }
  const inVain = withoutEffect(settings)
  if (inVain.length > 0) await out.line(`without effect: ${inVain.join(', ')}`)
  const result = problems === 0 ? 'no problems' : `${problems} problem${problems > 1 ? 's' : ''}`
  await out.line(`${path} and ${documents} ${documents === 1 ? 'document' : 'documents'}: ${result}`)
  return problems === 0 ? exitStatus.fine : exitStatus.problems
}
