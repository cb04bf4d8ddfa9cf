// From the command line to an exit status. Only what a command needs is loaded.
import { readCommandLine, usage } from './command-line.ts'
import { findConfigFile } from './read-settings.ts'

export async function main(args: readonly string[]): Promise<void> {
  const line = readCommandLine(args)
  if (line === 'help') {
    process.stdout.write(`${usage}\n`)
    return
  }
  if ('error' in line) {
    process.stderr.write(`${line.error}\n\n${usage}\n`)
    process.exitCode = 2
    return
  }
  try {
    const file = findConfigFile(line.config, process.env['APISIX_PROFILE'])
    const status =
      line.command === 'check'
        ? await (await import('./check.ts')).check(file)
        : await (await import('./run.ts')).run(line.command, file)
    // Whatever still holds the event loop is of no use to anybody now.
    process.exit(status)
  } catch (error) {
    process.stderr.write(`weir: ${sentence(error)}\n`)
    process.exit(1)
  }
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
