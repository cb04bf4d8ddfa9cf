import { expect, test } from 'vitest'
import { findAll, parseBodyPath } from './body-json-path.ts'

function find(root: unknown, path: string): readonly unknown[] {
  return findAll(root, parseBodyPath(path) ?? [])
}

test('a search finds no more than its bound, in the order of the text', () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ a: i }))
  expect(find({ x: many }, 'x[*].a')).toEqual(many.slice(0, 4096).map(({ a }) => a))
})

test('a search looks at no more than its bound', () => {
  const items: readonly unknown[] = Array<unknown>(400_000).fill(0)
  expect(find({ x: [...items, { a: 1 }] }, 'x..a')).toEqual([1])
  expect(find({ x: [...items, ...items, ...items, { a: 1 }] }, 'x..a')).toEqual([])
  // Two ways lead to it, and the second one is too far.
  expect(find({ x: { a: { a: [...items, { b: 1 }] } } }, 'x..a..b')).toEqual([1])
})
