// A thread of threads.test.ts: makes its requests and says how many were admitted.
import { parentPort, workerData } from 'node:worker_threads'
import { createLocalCounters } from './local-counters.ts'

interface Job {
  readonly shared: SharedArrayBuffer
  readonly limit: number
  readonly requests: number
  readonly used: number
}

const { shared, limit, requests, used }: Job = workerData
const store = createLocalCounters(shared)
let admitted = 0
for (let i = 0; i < requests; i++) {
  const decision = store.reserve(
    [{ key: 'shared', limit, windowSeconds: 60, amount: 1, admission: 'fits' }],
    60_000,
  )
  if (!decision.admitted) continue
  admitted++
  store.settle(decision.lease, [used])
  if (requests === Infinity && admitted === 1000) say(admitted)
}
say(admitted)

function say(count: number): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  parentPort?.postMessage(count)
}
