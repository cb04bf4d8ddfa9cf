// Stopping a process in its tracks: the signal alone is not enough, a moment later it may still answer.
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { until } from '../until.ts'

/** SIGSTOP; returns when none of the process's threads runs any more. */
export async function freezeProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until(async () => (await statesOf(pid)).every((state) => state.startsWith('T')), {
    what: `process ${pid} to stop`,
  })
}

/** One letter for each thread: T is stopped. */
async function statesOf(pid: number): Promise<readonly string[]> {
  if (process.platform !== 'linux') {
    return [(await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)])).stdout]
  }
  const threads = await readdir(`/proc/${pid}/task`)
  const lines = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8'))
  // The name before the state may hold anything, parentheses too.
  return (await Promise.all(lines)).map((line) => line.slice(line.lastIndexOf(')') + 2))
}
