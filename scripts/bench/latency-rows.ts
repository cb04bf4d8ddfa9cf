// Rows of time as a client sees it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess } from '@weir/testkit'
import { createCaller } from './latency.ts'
import { median } from './numbers.ts'
import { bodies, hugeBody, paths } from './requests.ts'
import { interleave, type Row } from './row.ts'
import type { Target } from './target.ts'

const added: Row = {
  id: 'latency',
  title: 'latency added to one request alone, p50',
  unit: 'ms',
  must: { atMost: 0.15 },
  run: async (bench) => {
    const blocks = bench.quick ? 5 : 20
    const measure = async (target: Target) => {
      const direct = createCaller(bench.upstreamPort)
      const through = createCaller(target.port)
      const times: { direct: number[]; through: number[] } = { direct: [], through: [] }
      try {
        // In blocks, so that each connection is as warm as under a steady caller; the first is thrown away.
        for (let block = 0; block <= blocks; block++) {
          for (const [name, caller] of [
            ['direct', direct],
            ['through', through],
          ] as const) {
            for (let i = 0; i < 100; i++) {
              const ms = await caller.call(paths.chat, bodies.small)
              if (block > 0) times[name].push(ms)
            }
          }
        }
      } finally {
        direct.close()
        through.close()
      }
      return median(times.through) - median(times.direct)
    }
    const targets = [await bench.nginx(), await bench.weir()]
    const [reference = [], weir = []] = await interleave(bench.rounds, targets, measure)
    return { reference, weir }
  },
}

const stall: Row = {
  id: 'stall',
  title: 'event-loop stall from any one request (a prompt of 16 MB)',
  unit: 'ms',
  must: { atMost: 10 },
  run: async (bench) => {
    const file = join(bench.directory, 'huge.json')
    await writeFile(file, hugeBody(16 * 1024 * 1024))
    const tries = bench.quick ? 2 : 5
    /** The longest that a small request had to wait beside the huge one, over what it waits alone. */
    const once = async (target: Target) => {
      const small = createCaller(target.port)
      try {
        const alone: number[] = []
        for (let i = 0; i < 200; i++) alone.push(await small.call(paths.chat, bodies.small))
        // From a process of its own: sending so much would stall the one that measures.
        const url = `http://127.0.0.1:${target.port}${paths.chat}`
        const headers = ['-H', 'Content-Type: application/json', '-H', 'Expect:']
        const sending = await startProcess({
          command: 'curl',
          args: ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...headers, '--data-binary', `@${file}`, url],
        })
        let longest = 0
        while (!sending.exit) longest = Math.max(longest, await small.call(paths.chat, bodies.small))
        if (sending.stdout !== '200') throw new Error(`the huge prompt was answered with ${sending.stdout}`)
        return longest - median(alone)
      } finally {
        small.close()
      }
    }
    const measure = async (target: Target) => {
      const longest: number[] = []
      for (let i = 0; i < tries; i++) longest.push(await once(target))
      return median(longest)
    }
    const targets = [await bench.nginx(), await bench.weir()]
    const [reference = [], weir = []] = await interleave(bench.rounds, targets, measure)
    return { reference, weir }
  },
}

export const latencyRows: readonly Row[] = [added, stall]
