// All checkers of the process, on its main thread: who wants which targets checked, and since when nobody does.
import { isDeepStrictEqual } from 'node:util'
import type { LookupFunction } from 'node:net'
import { Checker, forgottenAfterMs, type Transition } from './checker.ts'
import type { HealthPort, FromWorker, ToWorker } from './messages.ts'
import type { HealthEvent } from './state-machine.ts'
import type { LastProbe } from './target-record.ts'
import { VerdictTable } from './verdict-table.ts'
import { VerdictView } from './verdict-view.ts'
import type { HealthView, HealthWanted } from './view.ts'

/** The part of telemetry's alerts that health needs. */
export interface HealthAlerts {
  raise(alert: {
    readonly event: 'instance_health'
    readonly resource: string
    readonly instance: string
    readonly target: string
    readonly healthy: boolean
    readonly reason: string
  }): void
}

export interface HealthRegistryOptions {
  readonly alerts: HealthAlerts
  /** For targets that are names; by default the operating system's look-up. */
  readonly lookup?: LookupFunction | undefined
  /** How long a checker without holders goes on, in case one comes back. Milliseconds, 10 000 by default. */
  readonly lingerMs?: number | undefined
}

/** One checker as the control API shows it (etcd.md §8), with what the last probe said. */
export interface CheckerListing {
  readonly name: string
  readonly label: string | undefined
  readonly resource: string | undefined
  readonly type: 'http' | 'https' | 'tcp'
  readonly nodes: readonly {
    readonly ip: string
    readonly port: number
    readonly hostname: string
    readonly status: string
    readonly counter: {
      readonly success: number
      readonly http_failure: number
      readonly tcp_failure: number
      readonly timeout_failure: number
    }
    readonly last_probe: LastProbe | undefined
  }[]
}

export interface HealthRegistry {
  /** What the workers' clients read. */
  readonly shared: SharedArrayBuffer
  acquire(wanted: HealthWanted): HealthView
  /** Serves the HealthClient of a worker at the other end of `port`; the returned function ends that, and its views. */
  serve(port: HealthPort<ToWorker, FromWorker>): () => void
  list(): CheckerListing[]
  close(): void
}

interface Held {
  readonly checker: Checker
  holders: number
  linger: NodeJS.Timeout | undefined
}

interface Holding {
  readonly held: Held
  readonly wanted: HealthWanted
}

export function createHealthRegistry(options: HealthRegistryOptions): HealthRegistry {
  const table = new VerdictTable()
  const checkers = new Map<string, Held>()
  const around = { table, lookup: options.lookup, onTransition: raise }
  const lingerMs = options.lingerMs ?? forgottenAfterMs

  function raise({ wanted, target, healthy, reason }: Transition): void {
    const { name, resource = name, label = name } = wanted
    options.alerts.raise({ event: 'instance_health', resource, instance: label, target, healthy, reason })
  }

  function hold(wanted: HealthWanted): Holding {
    let held = checkers.get(wanted.name)
    if (!held) {
      held = { checker: new Checker(wanted, around), holders: 0, linger: undefined }
      checkers.set(wanted.name, held)
    } else if (!isDeepStrictEqual(held.checker.wanted, wanted)) held.checker.redefine(wanted)
    clearTimeout(held.linger)
    held.holders++
    return { held, wanted }
  }

  function release({ held, wanted }: Holding): void {
    held.holders--
    if (held.holders > 0) return
    held.linger = setTimeout(() => {
      held.checker.stop()
      checkers.delete(wanted.name)
    }, lingerMs).unref()
  }

  return {
    shared: table.shared,

    acquire(wanted) {
      const holding = hold(wanted)
      const owner = {
        report: (index: number, event: HealthEvent, limit: number) =>
          holding.held.checker.report(wanted, index, event, limit),
        release: () => release(holding),
      }
      return new VerdictView(table, wanted, owner, holding.held.checker.placementOf(wanted))
    },

    serve(port) {
      const holdings = new Map<number, Holding>()
      function receive(message: FromWorker): void {
        const holding = holdings.get(message.id)
        if (message.kind === 'acquire') {
          const made = hold(message.wanted)
          holdings.set(message.id, made)
          const placement = made.held.checker.placementOf(message.wanted)
          port.postMessage({ kind: 'health', id: message.id, placement })
        } else if (holding && message.kind === 'report') {
          holding.held.checker.report(holding.wanted, message.index, message.event, message.limit)
        } else if (holding) {
          holdings.delete(message.id)
          release(holding)
        }
      }
      port.on('message', receive)
      return () => {
        port.off('message', receive)
        for (const holding of holdings.values()) release(holding)
        holdings.clear()
      }
    },

    list: () => Array.from(checkers.values(), ({ checker }) => listingOf(checker)),

    close() {
      for (const { checker, linger } of checkers.values()) {
        clearTimeout(linger)
        checker.stop()
      }
      checkers.clear()
    },
  }
}

function listingOf(checker: Checker): CheckerListing {
  const { name, label, resource, checks } = checker.wanted
  return {
    name,
    label,
    resource,
    type: checks.active.type,
    nodes: Array.from(checker.targets, ({ target, health, lastProbe }) => ({
      ip: target.host,
      port: checks.active.port ?? target.port,
      hostname: target.hostname,
      status: health.state,
      counter: {
        success: health.success,
        http_failure: health.http,
        tcp_failure: health.tcp,
        timeout_failure: health.timeout,
      },
      last_probe: lastProbe,
    })),
  }
}
