// Rows of resident memory, each on a process of its own: what ran before would hide in it.
import { setTimeout as pause } from 'node:timers/promises'
import { createCaller } from './latency.ts'
import { residentBytes } from './proc.ts'
import { bodies, paths } from './requests.ts'
import { type Bench, interleave, type Row } from './row.ts'
import { openAllStreams } from './streams.ts'
import type { Target } from './target.ts'

const settleMs = 2000

async function withFresh(
  start: () => Promise<Target>,
  measure: (target: Target) => Promise<number>,
): Promise<number> {
  const target = await start()
  try {
    return await measure(target)
  } finally {
    await target.stop()
  }
}

const starters = (bench: Bench) => [() => bench.freshNginx(), () => bench.freshWeir()]

const openStreams: Row = {
  id: 'stream-memory',
  title: 'RSS per open stream',
  unit: 'KB',
  must: { atMost: 200 },
  run: async (bench) => {
    const count = bench.quick ? 500 : 1000
    const measure = async (target: Target) => {
      // Warm first, so that compiled code is not counted as streams; gently, or free heap would hide them.
      const caller = createCaller(target.port)
      for (let i = 0; i < 300; i++) await caller.call(paths.burst, bodies.stream)
      caller.close()
      await pause(settleMs)
      const before = residentBytes(target.pid)
      const open = await openAllStreams(target.port, paths.open, bodies.stream, count)
      try {
        await pause(settleMs)
        return (residentBytes(target.pid) - before) / count / 1024
      } finally {
        open.close()
      }
    }
    const [reference = [], weir = []] = await interleave(bench.rounds, starters(bench), (start) =>
      withFresh(start, measure),
    )
    return { reference, weir, note: `${count} streams` }
  },
}

async function restingMegabytes(target: Target): Promise<number> {
  await pause(settleMs)
  return residentBytes(target.pid) / 1024 / 1024
}

const idle: Row = {
  id: 'idle-memory',
  title: 'RSS idle, one worker',
  unit: 'MB',
  must: { atMost: 110 },
  run: async (bench) => {
    const [reference = [], weir = []] = await interleave(bench.rounds, starters(bench), (start) =>
      withFresh(start, restingMegabytes),
    )
    return { reference, weir }
  },
}

export const memoryRows: readonly Row[] = [openStreams, idle]
