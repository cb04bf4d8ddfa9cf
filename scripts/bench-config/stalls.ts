// Reads what loop-probe.ts wrote.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The probe's option for `node`. */
export const probeArgs = ['--import', new URL('loop-probe.ts', import.meta.url).href]

/** The longest stall of any thread of a process, in ms, in the lines written since `sinceMs` (Unix time). */
export function longestStallMs(directory: string, pid: number, sinceMs: number): number {
  let worst = 0
  for (const name of readdirSync(directory).filter((one) => one.startsWith(`${pid}-`))) {
    for (const line of readFileSync(join(directory, name), 'utf8').trimEnd().split('\n')) {
      const [atMs = 0, stallMs = 0] = line.split(' ').map(Number)
      if (atMs >= sinceMs) worst = Math.max(worst, stallMs)
    }
  }
  return worst
}
