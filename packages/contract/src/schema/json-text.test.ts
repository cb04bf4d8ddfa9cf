import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJsonText } from './json-text.ts'

test.each([
  ['{"a":"x\ny\tz"}', { a: 'x\ny\tz' }],
  ['{"a":"say \\"hi\\"\n\\\\"}\n', { a: 'say "hi"\n\\' }],
  ['{\n"a\rb": [1,\n2]}', { 'a\rb': [1, 2] }],
])('%j', (text, expected) => expect(parseJsonText(text)).toEqual(expected))

test.each(['', '{', '{"a":"x\n', '{"a":"x\u0000y"}', '{"a":\u0001}', "{'a':1}"])('%j is not JSON', (text) => {
  expect(() => parseJsonText(text)).toThrow(SyntaxError)
})

test('a text with control characters in its strings means what its escaped form means', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary-ascii' }), (value, text) => {
      const given = [value, text.replaceAll('\0', '')]
      const raw = JSON.stringify(given).replaceAll(/\\u00(1[0-9a-f]|0[0-9a-f])/g, (_all, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
      expect(parseJsonText(raw)).toEqual(JSON.parse(JSON.stringify(given)))
    }),
  )
})
