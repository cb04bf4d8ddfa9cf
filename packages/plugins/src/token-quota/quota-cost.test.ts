// What both token quotas cost, printed for whoever compares. The limits are loose, for machines that are busy with
// other tests; docs/quotas.md has the budget.
import { startProcess, startRedis } from '@weir/testkit'
import { expect, test } from 'vitest'

test('both quotas: microseconds of local ones, milliseconds of those in Redis', async () => {
  const redis = await startRedis()
  try {
    const worker = await startProcess({
      command: process.execPath,
      args: [new URL('quota-cost.worker.ts', import.meta.url).pathname, String(redis.port)],
    })
    await worker.exited
    const cost = JSON.parse(worker.stdout) as { localMicroseconds: number; p50: number; p99: number }
    process.stdout.write(
      `both quotas: ${cost.localMicroseconds.toFixed(1)} µs of CPU a request with policy local; a wait of ` +
        `${cost.p50.toFixed(2)} ms (p50), ${cost.p99.toFixed(2)} ms (p99) with redis at 1,000 requests a second\n`,
    )
    expect(cost.localMicroseconds).toBeLessThan(30)
    expect(cost.p50).toBeLessThan(100)
  } finally {
    await redis.stop()
  }
})
