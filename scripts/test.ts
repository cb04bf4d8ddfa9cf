// Runs every check and every test, and ends with one line that says how many passed and failed.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Counts, sumCounts, toCounts, toFailures } from './test-report.ts'

const root = join(import.meta.dirname, '..')

const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format', 'oxfmt', '--check', '.'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['types', 'tsc', '-b'],
  ['unused code', 'knip'],
  ['tidy', 'node', 'scripts/tidy.ts'],
]
const suites = ['unit', 'e2e']

function run(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', (error) => {
      console.error(error.message)
      resolve(false)
    })
    child.once('close', (code) => resolve(code === 0))
  })
}

interface Result extends Counts {
  /** What failed, said once more at the end: the first suite's failures are far up by then. */
  readonly failures: readonly string[]
}

/** One suite, as vitest itself counts it; a suite that breaks off or runs nothing counts as one failure. */
async function runSuite(suite: string, directory: string): Promise<Result> {
  const report = join(directory, `${suite}.json`)
  const args = ['run', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile=${report}`]
  const ok = await run('vitest', args)
  const text = await readFile(report, 'utf8').catch(() => '')
  const counts = toCounts(text)
  const failures = toFailures(text, root)
  const complete = counts.failed > 0 || (ok && counts.passed > 0)
  if (complete) return { ...counts, failures }
  return { ...counts, failed: 1, failures: [`suite ${suite}: ended without a full result`] }
}

const directory = await mkdtemp(join(tmpdir(), 'weir-test-'))
const results: Result[] = []
try {
  for (const [name, command, ...args] of checks) {
    console.log(`\n== ${name}`)
    if (await run(command, args)) continue
    results.push({ passed: 0, failed: 1, failures: [`check failed: ${name}`] })
  }
  for (const suite of suites) {
    console.log(`\n== ${suite} tests`)
    results.push(await runSuite(suite, directory))
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}

for (const failure of results.flatMap((result) => result.failures)) console.error(`\nFAILED ${failure}`)
const { passed, failed } = sumCounts(results)
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
