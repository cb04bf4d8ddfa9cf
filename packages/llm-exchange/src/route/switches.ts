// Tells operators when requests begin to be served by a lower tier, and when they return to the preferred one.
import type { PluginHost } from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'

/** With quotas per consumer two consumers may alternate for hours: so many changes are told at once ... */
const switchesMax = 10
/** ... and then one in so many milliseconds. */
const switchIntervalMs = 1000

export class Switches {
  readonly #preferred: number
  #last: { readonly name: string; readonly priority: number }
  /** When the request was asked that showed the last switch. */
  #since = 0
  /** Changes that may be told now, as of `#countedAt`. */
  #allowance = switchesMax
  #countedAt = 0

  /** The state before the first request: served by the preferred tier. */
  constructor(instances: readonly Instance[]) {
    const [first] = instances.toSorted((a, b) => b.priority - a.priority)
    this.#preferred = first?.priority ?? 0
    this.#last = { name: first?.name ?? '', priority: this.#preferred }
  }

  /**
   * An instance answered what it was asked at `askedMs` (`performance.now()`); `passedOver` says why a better one was
   * not asked, when its health is not the reason.
   */
  served(instance: Instance, passedOver: string, host: PluginHost, askedMs: number): void {
    const before = this.#last
    if (instance.priority === before.priority) {
      if (instance.name !== before.name) this.#last = instance
      return
    }
    // An answer to what was asked before the switch is no news, however long it took.
    if (askedMs < this.#since) return
    if (!this.#mayTell(performance.now())) return
    this.#last = instance
    this.#since = askedMs
    const isReturn = instance.priority === this.#preferred
    const reason = isReturn
      ? 'the preferred instance serves again'
      : passedOver || `${before.name} is unhealthy`
    host.alerts.raise(
      {
        event: isReturn ? 'return' : 'fallback',
        resource: host.owner.resourceKey,
        from: before.name,
        to: instance.name,
        reason,
      },
      performance.timeOrigin + askedMs,
    )
  }

  #mayTell(nowMs: number): boolean {
    const earned = (nowMs - this.#countedAt) / switchIntervalMs
    this.#allowance = Math.min(switchesMax, this.#allowance + earned)
    this.#countedAt = nowMs
    if (this.#allowance < 1) return false
    this.#allowance -= 1
    return true
  }
}
