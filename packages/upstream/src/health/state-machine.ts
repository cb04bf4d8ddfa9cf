// The health of one target: four states and four counters, exactly as routing.md §10.2 has them. Pure.

/** In the order of the numbers in which they are shared between threads. */
export const healthStates = ['healthy', 'mostly_healthy', 'mostly_unhealthy', 'unhealthy'] as const
export type HealthState = (typeof healthStates)[number]

/** What a probe or a real answer says: well, or in which way not. */
export type HealthEvent = 'success' | 'http' | 'tcp' | 'timeout'

export interface TargetHealth {
  readonly state: HealthState
  readonly success: number
  readonly http: number
  readonly tcp: number
  readonly timeout: number
}

export const initialHealth: TargetHealth = { state: 'healthy', success: 0, http: 0, tcp: 0, timeout: 0 }

const counterMax = 255

export function isUsable(state: HealthState): boolean {
  return state === 'healthy' || state === 'mostly_healthy'
}

/** `limit`: how many such events in a row decide. Returns the same object when the event counts for nothing. */
export function afterEvent(health: TargetHealth, event: HealthEvent, limit: number): TargetHealth {
  const isSuccess = event === 'success'
  if (health.state === (isSuccess ? 'healthy' : 'unhealthy')) return health
  const count = Math.min(health[event] + 1, counterMax)
  if (isSuccess) {
    const state =
      count >= limit ? 'healthy' : health.state === 'unhealthy' ? 'mostly_unhealthy' : health.state
    return { state, success: count, http: 0, tcp: 0, timeout: 0 }
  }
  const state = count >= limit ? 'unhealthy' : health.state === 'healthy' ? 'mostly_healthy' : health.state
  return { ...health, success: 0, [event]: count, state }
}
