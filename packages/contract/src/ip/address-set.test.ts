import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAddressSet } from './index.ts'

function has(entries: readonly string[], address: string): boolean | string {
  const parsed = parseAddressSet(entries)
  return parsed.ok ? parsed.value.has(address) : parsed.error
}

describe('address sets', () => {
  test.each<[string[], string, boolean]>([
    [['127.0.0.0/24'], '127.0.0.9', true],
    [['127.0.0.0/24'], '127.0.1.9', false],
    [['127.0.0.1'], '::ffff:127.0.0.1', true],
    [['0.0.0.0/0'], '8.8.8.8', true],
    [['0.0.0.0/0'], '::1', false],
    [['fe80::/10', '::1'], 'fe80::1', true],
    [['::1'], '0:0:0:0:0:0:0:1', true],
    [['::1'], '', false],
    [[], '127.0.0.1', false],
    [['127.0.0.1'], 'localhost', false],
  ])('%j has %s: %s', (entries, address, expected) => {
    expect(has(entries, address)).toBe(expected)
  })

  test.each(['x', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/a', '1/2/3', ''])(
    '%j is refused',
    (entry) => {
      expect(has([entry], '::1')).toBe(`invalid ip address: ${entry}`)
    },
  )

  test('a network has exactly the addresses that share its prefix', () => {
    const number = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    fc.assert(
      fc.property(number, number, fc.integer({ min: 0, max: 32 }), (network, address, bits) => {
        const shift = 2 ** (32 - bits)
        const same = Math.floor(network / shift) === Math.floor(address / shift)
        expect(has([`${dotted(network)}/${bits}`], dotted(address))).toBe(same)
      }),
    )
  })
})

function dotted(number: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.')
}
