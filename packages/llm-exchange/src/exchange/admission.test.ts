import { createLocalCounters } from '@weir/counters'
import { createTestContext } from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import { expect, test } from 'vitest'
import { createQuota } from '../llm-world.testing.ts'
import { reserve } from './admission.ts'

const LEASE_MS = 2000

test('a reservation that is kept outlives its lease, and ends when it is settled', async () => {
  const store = createLocalCounters()
  const ctx = createTestContext()
  const estimate = { promptTokens: 1, completionTokens: 1, answers: 1, isBounded: true }
  const admit = async (key: string) => {
    const quota = createQuota({ m: 100 }, { store, prefix: key })
    const admission = await reserve(ctx, [quota], 'm', estimate, LEASE_MS)
    if (!admission.admitted) throw new Error('refused')
    return admission.reservation
  }
  const kept = await admit('kept-')
  await admit('forgotten-')
  kept.keep(LEASE_MS)
  const started = performance.now()
  await until(() => performance.now() - started > 1.5 * LEASE_MS)
  expect(store.read('forgotten-m')?.reserved).toBe(0)
  expect(store.read('kept-m')?.reserved).toBe(1)
  kept.release()
  kept.keep(LEASE_MS)
  expect(store.read('kept-m')?.reserved).toBe(0)
})
