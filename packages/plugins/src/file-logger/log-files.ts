// The files that are written to. All configurations of a thread share one writer for each.
import type { PluginHost } from '@weir/plugin-api'
import { LineWriter } from '@weir/telemetry'

/** Milliseconds after which a file is opened anew, so that one that was moved away is let go. */
const reopenMs = 10_000

export interface LogFile {
  write(line: string): void
  close(): void
}

interface Shared {
  readonly writer: LineWriter
  /** At the end of the thread what waits is written all the same; this takes that back. */
  readonly stay: () => void
  users: number
  reopenedAt: number
}

const shared = new Map<string, Shared>()

export function openLogFile(path: string, host: PluginHost): LogFile {
  const file = shared.get(path) ?? start(path, host)
  shared.set(path, file)
  file.users++
  return {
    write(line) {
      file.writer.write(line)
      const now = performance.now()
      if (now - file.reopenedAt < reopenMs) return
      file.reopenedAt = now
      file.writer.reopen()
    },
    close() {
      if (--file.users > 0) return
      shared.delete(path)
      file.stay()
      void file.writer.close()
    },
  }
}

function start(path: string, host: PluginHost): Shared {
  const writer = new LineWriter({
    path,
    delayMs: 0,
    onFailure: (error) => host.log.error('file-logger cannot write', { path, reason: error.message }),
  })
  return { writer, stay: host.beforeEnd(() => writer.close()), users: 0, reopenedAt: performance.now() }
}
