// What is measured: a proxy under load, in a process tree of its own.
import type { RunningProcess } from '@weir/testkit'

export interface Target {
  readonly name: string
  readonly port: number
  /** The root of its process tree. */
  readonly pid: number
  /** What it wrote before it ended; undefined while it runs. */
  epitaph(): string | undefined
  stop(): Promise<void>
}

export function toTarget(name: string, port: number, running: RunningProcess): Target {
  return {
    name,
    port,
    pid: running.pid,
    epitaph: () =>
      running.exit &&
      `${name} ended with ${running.exit.code ?? running.exit.signal ?? 'an error'}\n${running.stderr.slice(-4000)}`,
    stop: async () => void (await running.stop()),
  }
}
