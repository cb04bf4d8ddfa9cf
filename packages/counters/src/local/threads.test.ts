// Real worker threads on the same counters.
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { allocateCounters, header } from './layout.ts'
import { createLocalCounters } from './local-counters.ts'

interface Job {
  readonly shared: SharedArrayBuffer
  readonly limit: number
  readonly requests: number
  readonly used: number
}

const workerUrl = new URL('threads.worker.ts', import.meta.url)

test('a limit of 10 admits 10, whatever the number of threads', async () => {
  const shared = allocateCounters()
  const admitted = await runThreads(4, { shared, limit: 10, requests: 500, used: 1 })
  expect(admitted).toBe(10)
  expect(createLocalCounters(shared).read('shared')).toMatchObject({ used: 10, reserved: 0 })
})

test('nothing that many threads charge at the same time is lost', async () => {
  const shared = allocateCounters()
  const admitted = await runThreads(4, { shared, limit: 1e9, requests: 5_000, used: 3 })
  expect(admitted).toBe(20_000)
  expect(createLocalCounters(shared).read('shared')).toMatchObject({ used: 60_000, reserved: 0 })
})

test('a thread that is ended leaves nothing behind that does not expire', async () => {
  const shared = allocateCounters()
  const worker = new Worker(workerUrl, { workerData: { shared, limit: 1e9, requests: Infinity, used: 1 } })
  const store = createLocalCounters(shared)
  await once(worker, 'message')
  await worker.terminate()
  const decision = store.reserve(
    [{ key: 'other', limit: 1, windowSeconds: 60, amount: 1, admission: 'fits' }],
    1000,
  )
  expect(decision.admitted).toBe(true)
  expect(new Int32Array(shared)[header.lock]).toBe(0)
  expect(store.read('shared')!.reserved).toBeLessThanOrEqual(1)
}, 30_000)

async function runThreads(threads: number, job: Job): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(workerUrl, { workerData: job }))
  const answers = await Promise.all(workers.map((worker) => once(worker, 'message')))
  await Promise.all(workers.map((worker) => worker.terminate()))
  return answers.reduce((sum, [admitted]) => sum + (admitted as number), 0)
}
