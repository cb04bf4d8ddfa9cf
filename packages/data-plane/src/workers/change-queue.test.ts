import type { StoreChange } from '@weir/config-store'
import { until } from '@weir/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChangeQueue } from './change-queue.ts'

function changesOf(revisions: readonly number[]): StoreChange[] {
  return revisions.map((revision, i) => ({ type: 'delete', key: `/routes/${i}`, revision }))
}

test('large batches take several turns and keep their order, and revisions whole', async () => {
  const batch = fc.array(fc.nat({ max: 3 }), { maxLength: 700 })
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
      const applied: [readonly StoreChange[], number][] = []
      const queue = new ChangeQueue((changes, revision) => void applied.push([changes, revision]))
      const all: StoreChange[] = []
      let revision = 0
      for (const steps of batches) {
        const changes = changesOf(steps.map((step) => (revision += step === 0 ? 1 : 0)))
        all.push(...changes)
        queue.add(changes, (revision += 1))
      }
      await until(() => applied.at(-1)?.[1] === revision)
      expect(applied.flatMap(([changes]) => changes)).toEqual(all)
      for (const [i, [changes]] of applied.entries()) {
        const before = applied[i - 1]?.[0].at(-1)
        expect(changes[0]?.revision ?? Infinity).toBeGreaterThan(before?.revision ?? -1)
      }
    }),
    { numRuns: 30 },
  )
})

test('the first load and small changes are applied at once', () => {
  const sizes: number[] = []
  const queue = new ChangeQueue((changes) => void sizes.push(changes.length))
  queue.add(changesOf(Array.from({ length: 5000 }, (_, i) => i)), 5000)
  queue.add(changesOf([5001]), 5001)
  expect(sizes).toEqual([5000, 1])
})
