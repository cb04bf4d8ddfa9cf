import { expect, test } from 'vitest'
import { limitByRule } from './rule-limits.ts'

test('an account has the limit of the one rule that may have named it', () => {
  const limitOf = limitByRule([
    { key: '${remote_addr}_2s', count: 2, time_window: 2 },
    { key: '${remote_addr}_5s', count: '$http_count', time_window: 5 },
  ])
  expect(limitOf('10.0.0.7_2s')).toEqual({ limit: 2, timeWindow: 2 })
  expect(limitOf('10.0.0.7_5s')).toEqual({ limit: '$http_count', timeWindow: 5 })
  expect(limitOf('10.0.0.7')).toBeUndefined()
})

test('where two rules may have named it, nobody knows', () => {
  const limitOf = limitByRule([
    { key: '$http_user', count: 2, time_window: 2 },
    { key: '$http_team', count: 5, time_window: 5 },
  ])
  expect(limitOf('jack')).toBeUndefined()
})
