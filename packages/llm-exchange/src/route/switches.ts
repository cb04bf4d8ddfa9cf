// Tells operators when requests begin to be served by a lower tier, and when they return to the preferred one.
import type { PluginHost } from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'

/** Changes that follow faster are not told: with quotas per consumer two consumers may alternate for hours. */
export const switchIntervalMs = 1000

export class Switches {
  readonly #preferred: number
  #last: { readonly name: string; readonly priority: number }
  #toldAt = -Infinity

  /** The state before the first request: served by the preferred tier. */
  constructor(instances: readonly Instance[]) {
    const [first] = instances.toSorted((a, b) => b.priority - a.priority)
    this.#preferred = first?.priority ?? 0
    this.#last = { name: first?.name ?? '', priority: this.#preferred }
  }

  /** An instance answered; `passedOver` says why a better one was not asked, when its health is not the reason. */
  served(instance: Instance, passedOver: string, host: PluginHost, nowMs: number): void {
    const before = this.#last
    if (instance.priority === before.priority) {
      if (instance.name !== before.name) this.#last = instance
      return
    }
    if (nowMs - this.#toldAt < switchIntervalMs) return
    this.#toldAt = nowMs
    this.#last = instance
    const isReturn = instance.priority === this.#preferred
    host.alerts.raise({
      event: isReturn ? 'return' : 'fallback',
      resource: host.owner.resourceKey,
      from: before.name,
      to: instance.name,
      reason: isReturn ? 'the preferred instance serves again' : passedOver || `${before.name} is unhealthy`,
    })
  }
}
