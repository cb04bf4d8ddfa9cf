// The access log of one thread. Several threads write to one file: lines are appended whole.
import type { Logger } from '../types.ts'
import { type AccessLogEntry, formatAccessLine } from './entry.ts'
import { LineWriter } from './line-writer.ts'

export interface AccessLog {
  write(entry: AccessLogEntry): void
  /** A line of another format, with its line end. */
  writeLine(line: string): void
  /** On SIGUSR1, after the file was moved away. */
  reopen(): void
  /** Failed writes, and lines lost to them. */
  readonly failures: number
  readonly dropped: number
  /** Resolves when what is left is written. */
  close(): Promise<void>
}

export interface AccessLogOptions {
  /** A file, `/dev/stdout` or `/dev/stderr`. */
  readonly path: string
  readonly log?: Logger | undefined
}

/** Never throws: what cannot be written is counted. */
export function createAccessLog({ path, log }: AccessLogOptions): AccessLog {
  const writer = new LineWriter({
    path,
    onFailure: (error) => log?.error('the access log cannot be written', { path, reason: error.message }),
  })
  return {
    write: (entry) => writer.write(formatAccessLine(entry)),
    writeLine: (line) => writer.write(line),
    reopen: () => writer.reopen(),
    get failures() {
      return writer.failures
    },
    get dropped() {
      return writer.dropped
    },
    close: () => writer.close(),
  }
}
