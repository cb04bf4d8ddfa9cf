// `pnpm bench [ROW ...] [--quick] [--rounds N] [--seconds N] [--json FILE] [--list]`: what Weir costs, beside nginx
// measured in the same interleaved run, and whether that is what it must.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startProcess } from '@weir/testkit'
import { cacheRow } from './cache-row.ts'
import { configLatency } from './config-latency.ts'
import { cpuRows } from './cpu-rows.ts'
import { latencyRows } from './latency-rows.ts'
import { memoryRows } from './memory-rows.ts'
import { startNginx } from './nginx.ts'
import type { Bench, Row } from './row.ts'
import { type Result, toResult, toTable } from './table.ts'
import type { Target } from './target.ts'
import { startWeir } from './weir.ts'

const rows: readonly Row[] = [...cpuRows, cacheRow, ...memoryRows, ...latencyRows, configLatency]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})
if (values.list) {
  for (const row of rows) console.log(`${row.id.padEnd(16)}${row.title}`)
  process.exit(0)
}
const chosen = positionals.length === 0 ? rows : rows.filter((row) => positionals.includes(row.id))
const unknown = positionals.filter((id) => !rows.some((row) => row.id === id))
if (unknown.length > 0) fail(`no such row: ${unknown.join(', ')}; --list names them`)
for (const tool of ['nginx', 'wrk']) {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' })
  } catch {
    fail(`${tool} is needed: apt-get install nginx wrk`)
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}

const directory = await mkdtemp(join(tmpdir(), 'weir-bench-'))
const stops: (() => Promise<unknown>)[] = []
const results: Result[] = []
try {
  const upstream = await startProcess({
    command: process.execPath,
    args: [join(import.meta.dirname, 'upstream.ts')],
    ready: { output: /listening on \d+/ },
  })
  stops.push(() => upstream.stop())
  const upstreamPort = Number(/listening on (\d+)/.exec(upstream.stdout)?.[1])
  const bench: Bench = {
    directory,
    upstreamPort,
    rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : 4)),
    quick: values.quick,
    nginx: shared(() => startNginx(directory, upstreamPort)),
    weir: shared(() => startWeir(directory, upstreamPort)),
    freshNginx: () => startNginx(directory, upstreamPort),
    freshWeir: () => startWeir(directory, upstreamPort),
  }
  for (const row of chosen) {
    console.error(`${row.id}: ${row.title} ...`)
    try {
      results.push(toResult(row, await row.run(bench)))
    } catch (error) {
      console.error(error)
      results.push(toResult(row, { weir: [], note: 'could not be measured' }))
    }
  }
} finally {
  for (const stop of stops.toReversed()) await stop()
  await rm(directory, { recursive: true, force: true })
}

console.log(`\n${toTable(results)}\n`)
console.log(`Node ${process.versions.node}, ${cpus().length} CPUs (${cpus()[0]?.model ?? 'unknown'})`)
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, undefined, 2)}\n`)
process.exitCode = results.every((result) => result.met) ? 0 : 1

/** Starts at the first use, and again only if it ended by itself; is stopped with the rest. */
function shared(start: () => Promise<Target>): () => Promise<Target> {
  let started: Target | undefined
  return async () => {
    const epitaph = started?.epitaph()
    if (epitaph !== undefined) console.error(epitaph)
    if (!started || epitaph !== undefined) {
      const target = await start()
      stops.push(() => target.stop())
      started = target
    }
    return started
  }
}
