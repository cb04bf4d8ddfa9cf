// Waiting for a condition, so that no test sleeps for luck.
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Asks again every few milliseconds until `condition` gives something truthy, and returns it.
 * Rejects after `timeoutMs` (default 10 s) with `what`, or with the condition's own last error.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 5, what = 'the condition' } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    let failure: unknown
    try {
      const value = await condition()
      if (value) return value
    } catch (error) {
      failure = error
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: failure })
    }
    await pause(everyMs)
  }
}
