// What the statuses and failures of a checker's configuration mean: which event, and how many of them decide.
import { type HealthCheck, passiveHealthCheckDefaults } from '@weir/contract'
import type { HealthEvent } from './state-machine.ts'

/** A status, or how there came none; 0 is an answer without a readable status. */
export type Outcome = number | 'tcp' | 'timeout'

export interface Rules {
  /** Undefined: this outcome counts for nothing. */
  eventOf(outcome: Outcome): HealthEvent | undefined
  limitOf(event: HealthEvent): number
}

type Limits = Readonly<Record<HealthEvent, number>>

/** Hold when `healthy` or `unhealthy` is absent altogether: the schema fills members of present objects only. */
const activeDefaults = {
  healthy: { http_statuses: [200, 302], successes: 2 },
  unhealthy: {
    http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
    http_failures: 5,
    tcp_failures: 2,
    timeouts: 3,
  },
}

export function activeRules({ active }: HealthCheck): Rules {
  const healthy = active.healthy ?? activeDefaults.healthy
  const unhealthy = active.unhealthy ?? activeDefaults.unhealthy
  return toRules(healthy.http_statuses, unhealthy.http_statuses, {
    success: healthy.successes,
    http: unhealthy.http_failures,
    tcp: unhealthy.tcp_failures,
    timeout: unhealthy.timeouts,
  })
}

/** Statuses are judged only where `passive` is configured, failures of abandoned attempts always (routing.md §10.1). */
export function passiveRules({ passive }: HealthCheck): Rules {
  const healthy = passive?.healthy ?? passiveHealthCheckDefaults.healthy
  const unhealthy = passive?.unhealthy ?? passiveHealthCheckDefaults.unhealthy
  return toRules(passive ? healthy.http_statuses : [], passive ? unhealthy.http_statuses : [], {
    success: healthy.successes,
    http: unhealthy.http_failures,
    tcp: unhealthy.tcp_failures,
    timeout: unhealthy.timeouts,
  })
}

function toRules(good: readonly number[], bad: readonly number[], limits: Limits): Rules {
  const goodStatuses = new Set(good)
  const badStatuses = new Set(bad)
  return {
    eventOf(outcome) {
      const event = typeof outcome === 'number' ? judge(outcome) : outcome
      // A limit of 0 switches its kind off.
      return event !== undefined && limits[event] > 0 ? event : undefined
    },
    limitOf: (event) => limits[event],
  }

  function judge(status: number): HealthEvent | undefined {
    if (goodStatuses.has(status)) return 'success'
    return status === 0 || badStatuses.has(status) ? 'http' : undefined
  }
}
