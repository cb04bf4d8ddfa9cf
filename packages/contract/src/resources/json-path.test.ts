import { expect, test } from 'vitest'
import { isJsonPath } from './json-path.ts'

test.each([
  'model',
  'a.b.c',
  'a[0]',
  'a[*].b',
  'a[-1]',
  'a[0,1]',
  'a[1:3]',
  "a['b c']",
  'a..b',
  '*',
  'a.*',
  'messages[?(@.role=="user")].content',
  'top-k',
])('%s is a path', (path) => {
  expect(isJsonPath(path)).toBe(true)
})

test.each(['', 'a[', 'a]', 'a.', '.a', 'a...b', 'a[]', 'a b', "a['b]", 'a[b'])('%j is none', (path) => {
  expect(isJsonPath(path)).toBe(false)
})
