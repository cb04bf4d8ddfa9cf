import { wholeJsonBytesMax } from '@weir/llm'
import { expect, test } from 'vitest'
import { isReadable } from './readable.ts'
import { answerOf, unreadable } from './judging.testing.ts'

test.each([
  [answerOf(''), true],
  [{ ...answerOf(''), bytes: Buffer.alloc(0), json: undefined }, true],
  [unreadable, false],
  [long(' {"data":['), true],
  [long('data: '), false],
])('%#', (answer, isKnown) => {
  expect(isReadable(answer)).toBe(isKnown)
})

function long(begin: string) {
  return { ...unreadable, bytes: Buffer.from(begin.padEnd(wholeJsonBytesMax + 1, 'x')) }
}
