// What is logged when secret managers fail: enough to act on, not a line for every secret.
import type { Logger } from '@weir/telemetry'

/** The same failure of the same manager is told again only after this time. */
const SILENCE_MS = 30_000

export class Complaints {
  readonly #log: Logger
  /** By manager: what was said last, and when. */
  readonly #last = new Map<string, { readonly reason: string; readonly at: number }>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** `isKnown`: the value that was read earlier stays in use. */
  report(manager: string, name: string, error: unknown, isKnown: boolean): void {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const last = this.#last.get(manager)
    const now = performance.now()
    if (last?.reason === reason && now - last.at < SILENCE_MS) return
    this.#last.set(manager, { reason, at: now })
    this.#log.error('a secret cannot be read', { manager, name, reason, last_known_stays: isKnown })
  }
}
