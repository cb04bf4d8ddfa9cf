import { expect, it } from 'vitest'
import { closeCut, cutLike } from './cut.ts'

it.each([
  ['{"a":1,"b":"x","c":"brok', { a: 1, b: 'x' }],
  ['{"a":{"b":[1,2],"c":[{"d":"}\\"]"},{"e":', { a: { b: [1, 2], c: [{ d: '}"]' }] } }],
  ['{"a":"x:y","b":tr', { a: 'x:y' }],
  ['{"total":2,"list":[{"key":"/a"},{"key":"/b"}', { total: 2, list: [{ key: '/a' }, { key: '/b' }] }],
])('%s is closed where its last whole member ends', (text, value) => {
  expect(closeCut(text)).toMatchObject(value)
})

it('as much is compared as was recorded', () => {
  expect(cutLike({ a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }, 3], d: 4 })).toEqual({ a: [{ b: 1 }] })
  expect(cutLike({ a: [1, 2], b: 1 }, { a: [1] })).toEqual({ a: [1, 'missing'], b: 'missing' })
})
