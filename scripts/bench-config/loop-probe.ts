// Loaded into a process before its program: notes the longest stall of each thread's event loop in LOOP_PROBE_DIR, one
// file for each thread, a line every quarter second. A machine that gives its cores to others makes everybody late; so
// of every gap between two ticks only the time counts for which the thread itself was computing. What a process does
// before its first connection, which is to load its modules, keeps nobody waiting.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

const TICK_MS = 2
const LINE_MS = 250

const directory = process.env['LOOP_PROBE_DIR']
if (directory !== undefined) {
  const file = join(directory, `${process.pid}-${threadId}`)
  let tickedAtMs = performance.now()
  let cpuMs = threadCpuMs()
  let worstMs = 0
  let isConnected = false
  setInterval(() => {
    const nowMs = performance.now()
    const nowCpuMs = threadCpuMs()
    if (isConnected) worstMs = Math.max(worstMs, Math.min(nowMs - tickedAtMs - TICK_MS, nowCpuMs - cpuMs))
    tickedAtMs = nowMs
    cpuMs = nowCpuMs
    isConnected ||= process.getActiveResourcesInfo().includes('TCPSocketWrap')
  }, TICK_MS).unref()
  setInterval(() => {
    appendFileSync(file, `${Date.now()} ${worstMs.toFixed(1)}\n`)
    worstMs = 0
  }, LINE_MS).unref()
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
