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

test('small changes are applied at once', () => {
  const sizes: number[] = []
  const queue = new ChangeQueue((changes) => void sizes.push(changes.length))
  queue.add(changesOf([1]), 1)
  queue.add(changesOf([2, 3]), 3)
  expect(sizes).toEqual([1, 2])
  expect(queue.isIdle).toBe(true)
})

test('a slice that takes long is a turn of its own', async () => {
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  const queue = new ChangeQueue(() => {
    for (const end = performance.now() + 6; performance.now() < end;);
  })
  queue.add(changesOf(Array.from({ length: 500 }, (_, i) => i)), 500)
  setImmediate(count)
  await queue.idle()
  isOver = true
  expect(turns).toBeGreaterThanOrEqual(4)
})

test('what is flushed is applied at once', () => {
  const applied: StoreChange[] = []
  const queue = new ChangeQueue((changes) => void applied.push(...changes))
  const changes = changesOf(Array.from({ length: 500 }, (_, i) => i))
  queue.add(changes, 500)
  expect(applied).toEqual([])
  queue.flush()
  expect([applied, queue.isIdle]).toEqual([changes, true])
})

test('a first load takes several turns, and brings its revision at the end', async () => {
  const revisions: number[] = []
  const idle: boolean[] = []
  const queue = new ChangeQueue((_changes, revision) => {
    revisions.push(revision)
    idle.push(queue.isIdle)
  })
  queue.add(changesOf(Array.from({ length: 500 }, (_, i) => 1000 - i)), 1000)
  queue.add(changesOf([1001]), 1001)
  expect(revisions).toEqual([])
  await queue.idle()
  expect(revisions).toEqual([0, 0, 0, 0, 1000, 1001])
  expect(idle).toEqual([false, false, false, false, false, true])
})
