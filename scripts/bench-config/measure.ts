// The whole measurement: a large configuration in etcd, a control plane and a data plane on it, and what each of them
// does with it.
import { setTimeout as pause } from 'node:timers/promises'
import { startEtcd } from '@weir/testkit'
import { quantile, median } from '../bench/numbers.ts'
import { residentBytes } from '../bench/proc.ts'
import { createCaller, type Call } from './calls.ts'
import { documents, routeFor, type Size } from './documents.ts'
import type { Figure } from './figures.ts'
import { adminKey, startControlPlane, startDataPlane, type Plane } from './planes.ts'
import { seedEtcd } from './seed-etcd.ts'
import { longestStallMs } from './stalls.ts'

export interface Plan extends Size {
  /** How many single changes are made and waited for. */
  readonly changes: number
  readonly pages: number
  readonly writeSeconds: number
  /** Clients that write at once. */
  readonly writers: number
}

export const fullPlan: Plan = {
  routes: 100_000,
  consumers: 20_000,
  changes: 300,
  pages: 100,
  writeSeconds: 10,
  writers: 16,
}

export const quickPlan: Plan = {
  routes: 300,
  consumers: 100,
  changes: 5,
  pages: 5,
  writeSeconds: 0.5,
  writers: 16,
}

const ARRIVAL_MS_MAX = 10_000
const PAGE_SIZE = 100
const STALL_MS_MAX = 50

/** @param home a directory for the planes' files. */
export async function measure(plan: Plan, home: string, tell: (step: string) => void): Promise<Figure[]> {
  const stops: (() => unknown)[] = []
  try {
    const etcd = await startEtcd({ args: ['--quota-backend-bytes=4294967296'] })
    stops.unshift(() => etcd.stop())
    tell(`${plan.routes} routes and ${plan.consumers} consumers go to etcd`)
    await seedEtcd(etcd.url, '/apisix', documents(plan, 1))
    tell('the data plane starts')
    const dataPlane = await startDataPlane(etcd.url, home)
    stops.unshift(() => dataPlane.process.stop())
    const started = startFigures(dataPlane)
    tell('the control plane starts')
    const controlPlane = await startControlPlane(etcd.url, home)
    stops.unshift(() => controlPlane.process.stop())
    const startStalls = [
      stall('event loop of the data plane while it loads', home, dataPlane, 0),
      stall('event loop of the control plane while it loads', home, controlPlane, 0),
    ]
    const servingSinceMs = Date.now()
    const admin = createCaller(controlPlane.port, plan.writers, { 'X-API-KEY': adminKey })
    const proxy = createCaller(dataPlane.port, 1)
    stops.unshift(
      () => admin.close(),
      () => proxy.close(),
    )
    tell('single changes')
    const changes = await changeTimes(plan, admin.call, proxy.call)
    tell('pages')
    const pages = await pageTimes(plan, admin.call)
    tell('a search and the whole list')
    const whole = await listTime(admin.call, '')
    const search = await listTime(admin.call, '?page=1&page_size=10&name=-9+$&uri=chat')
    tell('writes')
    const writes = await writeRate(plan, admin.call)
    // The probes write a line every quarter second.
    await pause(500)
    return [
      ...started,
      {
        what: 'control plane: from its start to the first page',
        measured: controlPlane.startMs / 1000,
        unit: 's',
        note: `${megabytes(controlPlane).toFixed(0)} MB resident`,
      },
      {
        what: 'a single change is live, after its answer, p99',
        measured: quantile(changes, 0.99),
        unit: 'ms',
        must: { atMost: 50 },
        note: `median ${median(changes).toFixed(1)} ms of ${changes.length}`,
      },
      {
        what: `a page of ${PAGE_SIZE} routes, p99`,
        measured: quantile(pages, 0.99),
        unit: 'ms',
        must: { atMost: 50 },
        note: `median ${median(pages).toFixed(1)} ms of ${pages.length}`,
      },
      {
        what: 'a search by name and path among all routes',
        measured: search,
        unit: 'ms',
        note: `the whole list takes ${whole.toFixed(0)} ms`,
      },
      {
        what: `writes of routes by ${plan.writers} clients`,
        measured: writes,
        unit: '/s',
        must: { atLeast: 500 },
        note: 'half of them new; each refers to an upstream',
      },
      ...startStalls,
      stall('event loop of the data plane while it serves', home, dataPlane, servingSinceMs),
      stall('event loop of the control plane while it serves', home, controlPlane, servingSinceMs),
    ]
  } finally {
    for (const stop of stops) await stop()
  }
}

function startFigures(dataPlane: Plane): Figure[] {
  return [
    {
      what: 'data plane: from its start to ready',
      measured: dataPlane.startMs / 1000,
      unit: 's',
      must: { atMost: 15 },
    },
    {
      what: 'data plane: resident memory when it is ready',
      measured: megabytes(dataPlane),
      unit: 'MB',
      must: { atMost: 1500 },
    },
  ]
}

function megabytes(plane: Plane): number {
  return residentBytes(plane.process.pid) / 1e6
}

function stall(what: string, home: string, plane: Plane, sinceMs: number): Figure {
  const measured = longestStallMs(home, plane.process.pid, sinceMs)
  return { what: `longest stall, ${what}`, measured, unit: 'ms', must: { atMost: STALL_MS_MAX } }
}

/** Milliseconds from the answer to a PUT until the data plane acts on it. */
async function changeTimes({ changes }: Plan, admin: Call, proxy: Call): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < changes; i += 1) {
    const path = `/probe/${i}`
    await put(admin, 'routes/probe', { uri: path, upstream: { nodes: { '127.0.0.1:1': 1 } } })
    const answeredAtMs = performance.now()
    // 404 until the data plane has the route; then the upstream, which is not there, makes it 502.
    while ((await proxy('GET', path)).status === 404) {
      if (performance.now() - answeredAtMs > ARRIVAL_MS_MAX) throw new Error('a change did not arrive')
    }
    times.push(performance.now() - answeredAtMs)
  }
  return times
}

async function pageTimes({ pages, routes }: Plan, admin: Call): Promise<number[]> {
  const times: number[] = []
  const last = Math.floor(routes / PAGE_SIZE)
  for (let i = 0; i < pages; i += 1) {
    const page = 1 + ((i * 7919) % last)
    // A list after a change is the dearest.
    if (i % 10 === 0) await put(admin, `routes/r${i}`, routeFor(i))
    const askedAtMs = performance.now()
    const { status } = await admin('GET', `/apisix/admin/routes?page=${page}&page_size=${PAGE_SIZE}`)
    if (status !== 200) throw new Error(`a page was answered ${status}`)
    times.push(performance.now() - askedAtMs)
  }
  return times
}

/** Milliseconds for one list. */
async function listTime(admin: Call, query: string): Promise<number> {
  const askedAtMs = performance.now()
  const { status, text } = await admin('GET', `/apisix/admin/routes${query}`)
  if (status !== 200 || !text.endsWith('}\n')) throw new Error(`a list was answered ${status}`)
  return performance.now() - askedAtMs
}

/** Writes per second. */
async function writeRate({ routes, writers, writeSeconds }: Plan, admin: Call): Promise<number> {
  const startedAtMs = performance.now()
  const endMs = startedAtMs + writeSeconds * 1000
  let written = 0
  const write = async (writer: number) => {
    for (let i = writer; performance.now() < endMs; i += writers) {
      const id = i % 2 === 0 ? `r${i % routes}` : `new${i}`
      await put(admin, `routes/${id}`, routeFor(i))
      written += 1
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  return written / ((performance.now() - startedAtMs) / 1000)
}

async function put(admin: Call, path: string, document: object): Promise<void> {
  const { status, text } = await admin('PUT', `/apisix/admin/${path}`, JSON.stringify(document))
  if (status !== 200 && status !== 201) throw new Error(`PUT ${path}: ${status} ${text}`)
}
