// A process of quota-cost.test.ts: measures what both token quotas cost a request that is under one of each, from its
// reservation to its booking and its entry in the ledger. Says it as JSON.
import { allocateCounters, createCounterStores, createLocalCounters } from '@weir/counters'
import { noUsage, type UsageReport } from '@weir/llm'
import { type Admission, reserve } from '@weir/llm-exchange/admission'
import type { Plugin, QuotaSource } from '@weir/plugin-api'
import { createInstance, createTestContext, createTestHost } from '@weir/plugin-api/harness'
import { aiConsumerRateLimiting } from '../ai-consumer-rate-limiting/plugin.ts'
import { aiRateLimiting } from '../ai-rate-limiting/plugin.ts'

const LEASE_MS = 600_000
const ROUNDS = 8
const REQUESTS = 20_000
const PER_SECOND = 1_000
const SHARED_REQUESTS = 3_000

const estimate = { promptTokens: 100, completionTokens: 200, answers: 1, isBounded: true }
const usage: UsageReport = {
  ...noUsage,
  source: 'reported',
  promptTokens: 90,
  completionTokens: 110,
  totalTokens: 200,
}

const redisPort = Number(process.argv[2])
const local = measureLocal()
const shared = await measureShared()
process.stdout.write(`${JSON.stringify({ localMicroseconds: local, ...shared })}\n`)

/** CPU microseconds per request, the median of the rounds. */
function measureLocal(): number {
  const { admit } = setUp({})
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < REQUESTS; i++) {
      const admission = admit()
      if (admission instanceof Promise) throw new Error('local counters answer at once')
      settle(admission)
    }
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / REQUESTS)
  }
  return percentile(rounds, 0.5)
}

/** Milliseconds that requests wait before they are forwarded. */
async function measureShared(): Promise<{ p50: number; p99: number }> {
  const { admit, close } = setUp({ policy: 'redis', redis_host: '127.0.0.1', redis_port: redisPort })
  const waits: number[] = []
  const one = async () => {
    const started = performance.now()
    const admission = await admit()
    waits.push(performance.now() - started)
    settle(admission)
  }
  // The first one connects, and some more warm up.
  for (let i = 0; i < 200; i++) await one()
  waits.length = 0
  const begun = performance.now()
  const underWay: Promise<void>[] = []
  while (underWay.length < SHARED_REQUESTS) {
    const due = ((performance.now() - begun) * PER_SECOND) / 1000
    while (underWay.length < Math.min(due, SHARED_REQUESTS)) underWay.push(one())
    await new Promise((resolve) => void setTimeout(resolve, 1))
  }
  await Promise.all(underWay)
  close()
  return { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) }
}

function setUp(policy: object) {
  const counters = createCounterStores(createLocalCounters(allocateCounters()))
  const host = createTestHost({ counters })
  const limit = { instances: [{ name: 'm', limit: Number.MAX_SAFE_INTEGER, time_window: 3600 }], ...policy }
  const quotaOf = <Config>(plugin: Plugin<Config>): QuotaSource => createInstance(plugin, limit, host).quota!
  const quotas = [quotaOf(aiConsumerRateLimiting), quotaOf(aiRateLimiting)]
  const ctx = createTestContext({ consumer: 'ann' })
  return {
    close: () => counters.close(),
    admit: () => {
      ctx.responseHeaders.length = 0
      return reserve(ctx, quotas, 'm', estimate, LEASE_MS)
    },
  }
}

function settle(admission: Admission): void {
  if (!admission.admitted) throw new Error('refused')
  admission.reservation.settle(usage)
  if (admission.reservation.entries.length !== 2) throw new Error('not booked')
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0
}
