import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { numberEnd, stringEnd } from './json-text.ts'

/** Pieces of which wrong strings and numbers are made as easily as right ones. */
const inString = fc.array(
  fc.oneof(fc.constantFrom('\\', '"', '\\n', '\\u', '00e4', '\n', '\u007f', ' ', '\\x'), fc.string()),
)
const inNumber = fc.array(fc.constantFrom('-', '+', '0', '7', '12', '.', 'e', 'E'), { maxLength: 7 })

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('a string ends where JSON says', () => {
  fc.assert(
    fc.property(inString, (pieces) => {
      const text = Buffer.from(`${pieces.join('')}"`).toString('latin1')
      const end = stringEnd(text, 0)
      if (end < 0) expect(isJson(`"${text}`)).toBe(false)
      else expect(isJson(`"${text.slice(0, end + 1)}`)).toBe(true)
      if (isJson(`"${text}`)) expect(end).toBe(text.length - 1)
    }),
  )
  expect(stringEnd('no end', 0)).toBe(-1)
  expect(stringEnd('half \\', 0)).toBe(-1)
})

test('a number ends where JSON says', () => {
  fc.assert(
    fc.property(inNumber, (pieces) => {
      const text = pieces.join('')
      const end = numberEnd(text, 0)
      if (end >= 0) expect(isJson(text.slice(0, end))).toBe(true)
      if (isJson(text)) expect(end).toBe(text.length)
    }),
  )
})
