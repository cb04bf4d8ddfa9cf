import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashKey } from './key-hash.ts'

test('different texts have different hashes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      fc.pre(one !== other)
      expect(hashKey(one, 1, 2)).not.toEqual(hashKey(other, 1, 2))
    }),
  )
})

test('every bit of the hash is used evenly', () => {
  const texts = 4_000
  const ones = Array.from({ length: 64 }, () => 0)
  for (let i = 0; i < texts; i++) {
    const { low, high } = hashKey(`/apisix/routes/${i}`, 3, 4)
    for (let bit = 0; bit < 32; bit++) {
      ones[bit]! += (low >>> bit) & 1
      ones[bit + 32]! += (high >>> bit) & 1
    }
  }
  // Five standard deviations of a fair coin.
  for (const count of ones) expect(Math.abs(count - texts / 2)).toBeLessThan(5 * Math.sqrt(texts / 4))
})

test('the hash depends on the key', () => {
  expect(hashKey('a', 1, 2)).not.toEqual(hashKey('a', 1, 3))
  expect(hashKey('a', 1, 2)).not.toEqual(hashKey('a', 2, 2))
})
