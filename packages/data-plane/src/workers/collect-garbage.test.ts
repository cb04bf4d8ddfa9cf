import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'

const module = new URL('collect-garbage.ts', import.meta.url).href

test('threads may collect at the same moment', async () => {
  const threads = 8
  const arrived = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const code = `
    import { workerData } from 'node:worker_threads'
    import { collectGarbage } from '${module}'
    if (Atomics.add(workerData, 0, 1) === ${threads - 1}) Atomics.notify(workerData, 0)
    for (let seen; (seen = Atomics.load(workerData, 0)) < ${threads}; ) Atomics.wait(workerData, 0, seen, 10)
    collectGarbage()`
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
  const workers = Array.from({ length: threads }, () => new Worker(url, { workerData: arrived }))
  const codes = await Promise.all(workers.map((worker) => once(worker, 'exit')))
  expect(codes).toEqual(workers.map(() => [0]))
})
