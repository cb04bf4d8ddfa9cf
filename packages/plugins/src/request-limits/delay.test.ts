import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { delay } from './delay.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each([0.5, 30, 2 ** 31])('%d seconds are not over before', async (seconds) => {
  let isOver = false
  void delay(seconds).then(() => (isOver = true))
  await vi.advanceTimersByTimeAsync(Math.min(seconds * 1000, 2 ** 31 - 1) - 1)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(isOver).toBe(true)
})
