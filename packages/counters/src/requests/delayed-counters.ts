// `sync_interval`: requests are counted here and told to the shared counters every so often, so that no request waits
// for them. Between two tellings the nodes do not know of one another's requests. While the shared counters are away
// each counts by itself, as in APISIX, and tells them afterwards.
import { timerMsMax } from '@weir/contract'
import { CounterUnavailableError } from '../store.ts'
import type { RequestCounters, WindowUse } from './request-counters.ts'

/** Windows held here; beyond it they are told at once. */
const WINDOWS_MAX = 10_000

interface Window {
  readonly windowSeconds: number
  /** As the shared counter said last. */
  base: number
  /** Counted since. */
  delta: number
  endsAt: number
}

export class DelayedCounters {
  readonly #shared: Pick<RequestCounters, 'hit'>
  readonly #intervalMs: number
  readonly #failed: (error: unknown) => void
  readonly #windows = new Map<string, Window>()
  #timer: NodeJS.Timeout | undefined

  /** `failed` is told when the shared counters did not take what was counted; it is told again later. */
  constructor(
    shared: Pick<RequestCounters, 'hit'>,
    intervalSeconds: number,
    failed: (error: unknown) => void,
  ) {
    this.#shared = shared
    this.#intervalMs = Math.min(intervalSeconds * 1000, timerMsMax)
    this.#failed = failed
  }

  async hit(key: string, amount: number, windowSeconds: number): Promise<WindowUse> {
    let window = this.#windows.get(key)
    if (!window || window.endsAt <= performance.now()) {
      if (!window && this.#windows.size >= WINDOWS_MAX) return this.#shared.hit(key, amount, windowSeconds)
      const { used, resetMs } = await this.#ask(key, windowSeconds)
      // Another request may have been faster.
      window = this.#windows.get(key)
      if (!window || window.endsAt <= performance.now()) {
        window = { windowSeconds, base: used, delta: 0, endsAt: performance.now() + resetMs }
        this.#windows.set(key, window)
      }
    }
    window.delta += amount
    this.#timer ??= setTimeout(() => void this.#tell(), this.#intervalMs).unref()
    return { used: window.base + window.delta, resetMs: Math.max(0, window.endsAt - performance.now()) }
  }

  async #ask(key: string, windowSeconds: number): Promise<WindowUse> {
    try {
      return await this.#shared.hit(key, 0, windowSeconds)
    } catch (error) {
      if (!(error instanceof CounterUnavailableError)) throw error
      this.#failed(error)
      return { used: 0, resetMs: windowSeconds * 1000 }
    }
  }

  /** Tells what is left to tell. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#tell()
  }

  async #tell(): Promise<void> {
    this.#timer = undefined
    for (const [key, window] of this.#windows) {
      if (window.delta === 0) {
        if (window.endsAt <= performance.now()) this.#windows.delete(key)
        continue
      }
      const told = window.delta
      try {
        const { used, resetMs } = await this.#shared.hit(key, told, window.windowSeconds)
        window.delta -= told
        window.base = used
        window.endsAt = performance.now() + resetMs
      } catch (error) {
        this.#failed(error)
        break
      }
    }
    if (this.#windows.size > 0) this.#timer ??= setTimeout(() => void this.#tell(), this.#intervalMs).unref()
  }
}
