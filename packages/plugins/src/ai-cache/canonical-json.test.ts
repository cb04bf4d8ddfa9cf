import { isJsonObject } from '@weir/contract'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

/** The same value with the members of all its objects the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, reversed(member)] as const)
      .toReversed(),
  )
}

test('values are written alike if and only if they are the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const text = canonicalJson(one) ?? ''
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(one)))
      expect(canonicalJson(reversed(one))).toBe(text)
      const same = JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(canonicalJson(other) ?? ''))
      expect(canonicalJson(other) === text).toBe(same)
    }),
  )
})

test('what is nested without end is not written', () => {
  let deep: unknown = 1
  for (let i = 0; i < 100_000; i++) deep = { deep }
  expect(canonicalJson(deep)).toBeUndefined()
})
