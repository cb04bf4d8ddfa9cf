import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isJsonObject } from '@weir/contract'
import { parseJson } from '../http/body.ts'
import { parseObjectInTurns, writeInTurns } from './json-in-turns.ts'

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
const text = fc
  .tuple(object, fc.constantFrom(undefined, '\t', '\r\n '))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent))

/** What the parser for short texts makes of it; undefined where that is no object. */
function atOnce(given: string): unknown {
  const parsed = parseJson(Buffer.from(given))
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
}

test('in turns an object is read as at once', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (given) => {
      expect(await parseObjectInTurns(given)).toEqual(atOnce(given))
    }),
  )
})

test('what is wrong at once is wrong in turns, and the other way round', async () => {
  const sign = fc.constantFrom('', ',', '"', '{', '}', '[', ']', ':', '\\', ' ', '1', 'null', '\n', '\u0000')
  await fc.assert(
    fc.asyncProperty(text, sign, fc.nat(), fc.nat({ max: 2 }), async (given, inserted, place, left) => {
      const at = place % (given.length + 1)
      const broken = given.slice(0, at) + inserted + given.slice(at + left)
      expect(await parseObjectInTurns(broken)).toEqual(atOnce(broken))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  '',
  '[]',
  'null',
  '{"a":1e999}',
  '{"a":"\\ud800"}',
  `{"a":[${'['.repeat(1_000)}${']'.repeat(1_000)}]}`,
])('%j is not taken', async (given) => {
  expect([await parseObjectInTurns(given), atOnce(given)]).toEqual([undefined, undefined])
})

test('a doubled member counts as at once, and none is special', async () => {
  const given = '{"a":[1],"b":2,"a":[3],"__proto__":{"x":1},"7":0}'
  expect(JSON.stringify(await parseObjectInTurns(given))).toBe(JSON.stringify(JSON.parse(given)))
})

test('in turns an object is written as at once', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (given) => {
      const value = JSON.parse(given) as Record<string, unknown>
      expect(await writeInTurns(value)).toBe(JSON.stringify(value))
    }),
  )
})
