// CPU time and memory of a process and its children, from /proc (Linux).
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Fields of /proc/PID/stat after the name, which may hold anything: [0] is the state, the third in proc(5). */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** The process and all its descendants that live now. */
function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const parent = Number.isInteger(pid) ? Number(statOf(pid)?.[1]) : Number.NaN
    if (Number.isInteger(parent)) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/** Microseconds of CPU, in user and kernel mode, by all threads of the tree so far. */
export function cpuMicros(root: number): number {
  let ticks = 0
  for (const pid of processTree(root)) {
    const stat = statOf(pid)
    // utime and stime, fields 14 and 15 of proc(5), summed over all threads.
    if (stat) ticks += Number(stat[11]) + Number(stat[12])
  }
  return (ticks / ticksPerSecond) * 1e6
}

/** Resident bytes of the tree; what its processes share is counted for each. */
export function residentBytes(root: number): number {
  let bytes = 0
  for (const pid of processTree(root)) {
    try {
      const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      bytes += Number(kilobytes ?? 0) * 1024
    } catch {
      // It ended in the meantime.
    }
  }
  return bytes
}
