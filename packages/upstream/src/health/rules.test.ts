import { expect, test } from 'vitest'
import { activeRules, passiveRules } from './rules.ts'
import { activeCheck } from './active-check.testing.ts'

test('a probe: statuses of the lists, 0 as a failure, everything else for nothing', () => {
  const rules = activeRules({ active: activeCheck() })
  expect(
    [200, 302, 429, 404, 0, 201, 'tcp', 'timeout'].map((each) => rules.eventOf(each as number | 'tcp')),
  ).toEqual(['success', 'success', 'http', 'http', 'http', undefined, 'tcp', 'timeout'])
})

test('limits hold although a class is absent', () => {
  const { healthy: _, unhealthy: __, ...active } = activeCheck()
  const rules = activeRules({ active })
  expect((['success', 'http', 'tcp', 'timeout'] as const).map((each) => rules.limitOf(each))).toEqual([
    2, 5, 2, 3,
  ])
})

test('without `passive` only failures of attempts are reported; a limit of 0 switches its kind off', () => {
  const rules = passiveRules({ active: activeCheck() })
  expect([200, 500, 'tcp', 'timeout'].map((each) => rules.eventOf(each as number | 'tcp'))).toEqual([
    undefined,
    undefined,
    'tcp',
    'timeout',
  ])
  const passive = {
    type: 'http',
    unhealthy: { http_statuses: [500], http_failures: 0, tcp_failures: 1, timeouts: 0 },
  }
  const off = passiveRules({ active: activeCheck(), passive: passive as never })
  expect([200, 500, 'tcp', 'timeout'].map((each) => off.eventOf(each as number | 'tcp'))).toEqual([
    'success',
    undefined,
    'tcp',
    undefined,
  ])
})
