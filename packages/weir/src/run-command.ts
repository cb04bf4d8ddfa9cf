// From the command line to an exit status. Only what a command needs is loaded.
import { readCommandLine, usage } from './command-line.ts'
import { exitStatus, Unreachable } from './exit-status.ts'
import { findConfigFile } from './read-settings.ts'

export async function main(args: readonly string[]): Promise<void> {
  const [first, ...rest] = args
  if (first === 'migrate') {
    const { migrateUsage, readMigrateArguments } = await import('./migrate/arguments.ts')
    await carryOut(readMigrateArguments(rest), migrateUsage, async (line) =>
      (await import('./migrate/migrate.ts')).migrate(line),
    )
    return
  }
  await carryOut(readCommandLine(args), usage, async ({ command, config }) => {
    const file = findConfigFile(config, process.env['APISIX_PROFILE'])
    return command === 'check'
      ? (await import('./check.ts')).check(file)
      : (await import('./run.ts')).run(command, file)
  })
}

/** Ends the process, but for a line that asks for help or makes no sense. */
async function carryOut<Line extends object>(
  line: Line | 'help' | { readonly error: string },
  help: string,
  work: (line: Line) => Promise<number>,
): Promise<void> {
  if (line === 'help') {
    process.stdout.write(`${help}\n`)
    return
  }
  if (isMistake(line)) {
    process.stderr.write(`${line.error}\n\n${help}\n`)
    process.exitCode = exitStatus.usage
    return
  }
  try {
    // Whatever still holds the event loop afterwards is of no use to anybody.
    process.exit(await work(line))
  } catch (error) {
    process.stderr.write(`weir: ${sentence(error)}\n`)
    process.exit(error instanceof Unreachable ? exitStatus.unreachable : exitStatus.problems)
  }
}

function isMistake(line: object): line is { readonly error: string } {
  return 'error' in line
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!isListenError(error)) return error.message
  const where = `${error.address ?? '*'}:${error.port ?? '?'}`
  return error.code === 'EADDRINUSE'
    ? `the address ${where} is in use`
    : `cannot listen on ${where}: ${error.code}`
}

function isListenError(error: Error): error is NodeJS.ErrnoException & { address?: string; port?: number } {
  return 'syscall' in error && error.syscall === 'listen'
}
