import { createTestContext } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { compileAmount } from './quota-amount.ts'

const amountOf = (count: string, least?: number) =>
  compileAmount('$http_count', least)(createTestContext({ request: { headers: { count } } }))

test.each([
  ['12', 12],
  [' 12. ', 12],
  ['1e3', 1000],
  ['0x10', 16],
  ['.5', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['12 tokens', undefined],
  ['', undefined],
])('of %j: %s', (text, amount) => {
  expect(amountOf(text)).toBe(amount)
})

test('nothing is an amount where it may be', () => {
  expect(amountOf('0', 0)).toBe(0)
})

test('a text with very many digits holds nobody up', () => {
  expect(amountOf(`${'1'.repeat(500_000)}x`)).toBeUndefined()
})
