import { expect, test } from 'vitest'
import { sumCounts, toCounts, toFailures } from './test-report.ts'

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
})

test.each([
  [
    'all well',
    { numPassedTests: 2, numFailedTests: 0, testResults: [file('passed', 'passed', 'passed')] },
    2,
    0,
  ],
  [
    'one failed',
    { numPassedTests: 1, numFailedTests: 1, testResults: [file('failed', 'passed', 'failed')] },
    1,
    1,
  ],
  [
    'a file did not load',
    { numPassedTests: 1, numFailedTests: 0, testResults: [file('failed'), file('passed')] },
    1,
    1,
  ],
  ['hooks failed', { numPassedTests: 1, numFailedTests: 0, testResults: [file('failed', 'passed')] }, 1, 1],
  ['nothing ran', { numPassedTests: 0, numFailedTests: 0, testResults: [] }, 0, 0],
])('%s', (_, report, passed, failed) => {
  expect(toCounts(JSON.stringify(report))).toEqual({ passed, failed })
})

test('a report that is none counts nothing', () => {
  expect(toCounts('')).toEqual({ passed: 0, failed: 0 })
  expect(toCounts('[1]')).toEqual({ passed: 0, failed: 0 })
})

test('sums', () => {
  expect(
    sumCounts([
      { passed: 1, failed: 2 },
      { passed: 3, failed: 4 },
    ]),
  ).toEqual({ passed: 4, failed: 6 })
})

test('names what failed and why', () => {
  const report = {
    testResults: [
      {
        name: '/weir/a.test.ts',
        status: 'passed',
        assertionResults: [{ status: 'passed', fullName: 'fine' }],
      },
      {
        name: '/weir/b.test.ts',
        status: 'failed',
        assertionResults: [
          { status: 'passed', fullName: 'fine' },
          { status: 'failed', fullName: 'the sum', failureMessages: ['expected 1 to be 2'] },
          { status: 'failed', fullName: 'the rest', failureMessages: ['x'.repeat(2000)] },
        ],
      },
      { name: '/weir/c.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
    ],
  }
  expect(toFailures(JSON.stringify(report), '/weir')).toEqual([
    'b.test.ts > the sum: expected 1 to be 2',
    `b.test.ts > the rest: ${'x'.repeat(1500)} ...`,
    'c.test.ts: no such module',
  ])
  expect(toFailures('', '/weir')).toEqual([])
})
