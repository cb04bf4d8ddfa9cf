// Pauses between attempts.
import { setTimeout as delay } from 'node:timers/promises'

const FIRST_MS = 20
const LONGEST_MS = 400

/**
 * Doubles from 20 ms to 400 ms, shortened by up to half at random so that many gateways do not come back as one.
 * Short on purpose: a store that is back should be noticed within half a second, and asking a stopped one costs
 * nothing.
 */
export class Backoff {
  #attempt = 0

  /** The next attempt is the first one again. */
  reset(): void {
    this.#attempt = 0
  }

  /** Resolves early when the signal fires. */
  async pause(signal: AbortSignal): Promise<void> {
    const longest = Math.min(FIRST_MS * 2 ** this.#attempt++, LONGEST_MS)
    await delay(longest * (1 - Math.random() / 2), undefined, { signal }).catch(() => undefined)
  }
}
