import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterEvent, type HealthEvent, initialHealth, isUsable, type TargetHealth } from './state-machine.ts'

function run(
  events: readonly HealthEvent[],
  limit: number,
  from: TargetHealth = initialHealth,
): TargetHealth {
  let health = from
  for (const event of events) health = afterEvent(health, event, limit)
  return health
}

describe('a target', () => {
  test('is healthy at first, and successes say nothing new', () => {
    expect(afterEvent(initialHealth, 'success', 2)).toBe(initialHealth)
  })

  test('wavers with its first failure, yet is used until the limit', () => {
    const wavering = run(['http', 'http'], 3)
    expect(wavering).toMatchObject({ state: 'mostly_healthy', http: 2 })
    expect(isUsable(wavering.state)).toBe(true)
    expect(run(['http'], 3, wavering)).toMatchObject({ state: 'unhealthy', http: 3 })
  })

  test('counts kinds of failure apart', () => {
    expect(run(['http', 'tcp', 'timeout'], 2)).toMatchObject({
      state: 'mostly_healthy',
      http: 1,
      tcp: 1,
      timeout: 1,
    })
  })

  test('forgets its failures with a success, and is fully healthy after enough of them', () => {
    const recovering = run(['http', 'http', 'success'], 3)
    expect(recovering).toEqual({ state: 'mostly_healthy', success: 1, http: 0, tcp: 0, timeout: 0 })
    expect(run(['success', 'success'], 3, recovering).state).toBe('healthy')
  })

  test('that is unhealthy comes back after enough successes; a failure between starts the count anew', () => {
    const down = run(['tcp', 'tcp'], 2)
    expect(afterEvent(down, 'http', 2)).toBe(down)
    const halfway = run(['success'], 2, down)
    expect(halfway).toMatchObject({ state: 'mostly_unhealthy', tcp: 0 })
    expect(isUsable(halfway.state)).toBe(false)
    expect(run(['success'], 2, halfway).state).toBe('healthy')
    const relapsed = run(['http'], 2, halfway)
    expect(relapsed).toMatchObject({ state: 'mostly_unhealthy', success: 0, http: 1 })
    expect(run(['http'], 2, relapsed).state).toBe('unhealthy')
  })

  test('turns at once with a limit of 1', () => {
    expect(run(['http'], 1).state).toBe('unhealthy')
    expect(run(['http', 'success'], 1).state).toBe('healthy')
  })
})

test('laws: only reaching a limit changes the verdict, and counters are bounded', () => {
  const event = fc.constantFrom<HealthEvent>('success', 'http', 'tcp', 'timeout')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 600 }), fc.integer({ min: 1, max: 254 }), (events, limit) => {
      let health = initialHealth
      for (const each of events) {
        const next = afterEvent(health, each, limit)
        if (isUsable(next.state) !== isUsable(health.state)) expect(next[each]).toBeGreaterThanOrEqual(limit)
        expect(next[each]).toBeLessThanOrEqual(255)
        if (next !== health && each === 'success') expect(next).toMatchObject({ http: 0, tcp: 0, timeout: 0 })
        if (next !== health && each !== 'success') expect(next.success).toBe(0)
        health = next
      }
    }),
  )
})
