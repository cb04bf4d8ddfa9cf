// Rows of CPU time: per request and per chunk of a stream.
import { setTimeout as pause } from 'node:timers/promises'
import { cpuMicros } from './proc.ts'
import { bodies, burstChunks, consumerKey, paths } from './requests.ts'
import { type Bench, interleave, type Row } from './row.ts'
import { openAllStreams } from './streams.ts'
import type { Target } from './target.ts'
import { runWrk } from './wrk.ts'

const connections = 32
/** On a slow machine the first seconds cost twice as much as all that follow. */
const warmUpSeconds = 5

interface WrkLoad {
  readonly path: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Microseconds of CPU of the target for each request, in one measurement. */
export async function cpuPerRequest(
  target: Target,
  bench: Bench,
  load: WrkLoad,
  warm = false,
): Promise<number> {
  const before = cpuMicros(target.pid)
  const requests = await runWrk({
    url: `http://127.0.0.1:${target.port}${load.path}`,
    body: load.body,
    headers: load.headers ?? {},
    connections,
    seconds: warm ? warmUpSeconds : bench.seconds,
    directory: bench.directory,
  })
  if (requests === 0) throw new Error(`${target.name} answered no request of ${load.path}`)
  return (cpuMicros(target.pid) - before) / requests
}

function wrkRow(id: string, title: string, times: number, load: WrkLoad, per = 1): Row {
  return {
    id,
    title,
    unit: 'µs CPU',
    must: { times },
    run: async (bench) => {
      const targets = [await bench.nginx(), await bench.weir()]
      for (const target of targets) await cpuPerRequest(target, bench, load, true)
      const [reference = [], weir = []] = await interleave(
        bench.rounds,
        targets,
        async (target) => (await cpuPerRequest(target, bench, load)) / per,
      )
      return { reference, weir }
    },
  }
}

/** What a conversion costs: the reference is Weir without one. */
function conversionRow(
  id: string,
  title: string,
  times: number,
  loads: readonly [plain: WrkLoad, converted: WrkLoad],
  per = 1,
): Row {
  return {
    id,
    title,
    unit: 'µs CPU',
    must: { times },
    run: async (bench) => {
      const target = await bench.weir()
      for (const load of loads) await cpuPerRequest(target, bench, load, true)
      const [reference = [], weir = []] = await interleave(
        bench.rounds,
        loads,
        async (load) => (await cpuPerRequest(target, bench, load)) / per,
      )
      return { reference, weir }
    },
  }
}

export const chatLoad: WrkLoad = { path: paths.chat, body: bodies.small }

const burstLoad: WrkLoad = { path: paths.burst, body: bodies.stream }

const paced: Row = {
  id: 'paced',
  title: '500 paced streams, 25,000 chunks/s, per chunk, all kept up',
  unit: 'µs CPU',
  must: { times: 2.2 },
  run: async (bench) => {
    const streams = 500
    const wanted = 25_000
    const rates = new Map<string, number[]>()
    const measure = async (target: Target) => {
      const open = await openAllStreams(target.port, paths.paced, bodies.stream, streams)
      try {
        await pause(1000)
        const [cpu, events, startedAtMs] = [cpuMicros(target.pid), open.events, performance.now()]
        await pause(bench.seconds * 1000)
        const seconds = (performance.now() - startedAtMs) / 1000
        const received = open.events - events
        if (open.failed > 0) throw new Error(`${target.name} lost ${open.failed} of ${streams} streams`)
        rates.set(target.name, [...(rates.get(target.name) ?? []), received / seconds / wanted])
        return (cpuMicros(target.pid) - cpu) / received
      } finally {
        open.close()
      }
    }
    const targets = [await bench.nginx(), await bench.weir()]
    const [reference = [], weir = []] = await interleave(bench.rounds, targets, measure)
    const worst = Math.min(...(rates.get('weir') ?? [0]))
    // One in fifty may still be on its way when the clock stops.
    if (worst < 0.98)
      return { reference, weir: weir.map(() => Number.NaN), note: `only ${percent(worst)} kept up` }
    return { reference, weir, note: `${percent(worst)} kept up` }
  },
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`
}

const routes: Row = {
  id: 'routes',
  title: '100,000 routes instead of 10 (reference: 10 routes), chat',
  unit: 'µs CPU',
  // "Same": what two runs of one build differ by.
  must: { times: 1.1 },
  run: async (bench) => {
    const few = await bench.freshWeir()
    const many = await bench.freshWeir()
    try {
      const count = bench.quick ? 5000 : 100_000
      const startedAtMs = performance.now()
      await putMany(count, (i) =>
        many.admin.put(`routes/r${i}`, {
          uri: `/tenant/${i}/chat`,
          upstream: { type: 'roundrobin', nodes: { [`127.0.0.1:${bench.upstreamPort}`]: 1 } },
        }),
      )
      const loadSeconds = (performance.now() - startedAtMs) / 1000
      for (const target of [few, many]) await cpuPerRequest(target, bench, chatLoad, true)
      const [reference = [], weir = []] = await interleave(bench.rounds, [few, many], (target) =>
        cpuPerRequest(target, bench, chatLoad),
      )
      return { reference, weir, note: `${count} routes loaded in ${loadSeconds.toFixed(0)} s` }
    } finally {
      await few.stop()
      await many.stop()
    }
  },
}

const putsAtOnce = 32

/** Runs `put` for 0 to count-1, some at a time. */
export async function putMany(count: number, put: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await put(next++)
  }
  await Promise.all(Array.from({ length: putsAtOnce }, worker))
}

export const cpuRows: readonly Row[] = [
  wrkRow('chat', 'chat, 1 KB prompt and answer, ai-proxy-multi', 4.8, chatLoad),
  wrkRow('quotas', 'the same with key-auth and both token quotas, local', 5.7, {
    path: paths.quotas,
    body: bodies.small,
    headers: { apikey: consumerKey },
  }),
  wrkRow('burst', 'stream, per SSE chunk in a burst', 2.4, burstLoad, burstChunks),
  conversionRow('message', 'Anthropic client, OpenAI provider (reference: plain chat)', 1.6, [
    chatLoad,
    { path: paths.message, body: bodies.message },
  ]),
  conversionRow(
    'message-burst',
    'the same as a stream, per chunk in a burst (reference: plain stream)',
    2.5,
    [burstLoad, { path: paths.messageBurst, body: bodies.messageStream }],
    burstChunks,
  ),
  paced,
  wrkRow('large', '128 KB prompt', 5.3, { path: paths.chat, body: bodies.large }),
  routes,
]
