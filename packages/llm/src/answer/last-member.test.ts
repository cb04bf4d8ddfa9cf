import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastMembers } from './last-member.ts'

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
const long = 'x'.repeat(500)

test.each([
  ['at the end', JSON.stringify({ id: long, usage }), { usage }],
  ['before other members', JSON.stringify({ id: long, usage, model: 'm' }), { usage, model: 'm' }],
  ['with white space', JSON.stringify({ id: long, usage }, undefined, 2), { usage }],
  ['at the beginning', JSON.stringify({ usage, id: long }), undefined],
  ['deeper down only', JSON.stringify({ id: long, choices: [{ usage }] }), undefined],
  ['in a text', JSON.stringify({ id: long, content: '"usage":{"total_tokens":1}' }), undefined],
  ['in a document that broke off', JSON.stringify({ id: long, usage }).slice(0, -1), undefined],
  ['as a value', JSON.stringify({ id: long, kind: 'usage' }), undefined],
])('a member %s', (_, text, expected) => {
  expect(lastMembers(Buffer.from(text), 'usage')).toEqual(expected)
})

test('what it tells is what parsing the whole tells', () => {
  const anyDocument = fc.dictionary(fc.constantFrom('id', 'usage', 'choices', 'model'), fc.jsonValue())
  fc.assert(
    fc.property(anyDocument, fc.constantFrom(undefined, 2), (document, indent) => {
      const text = JSON.stringify(document, undefined, indent)
      const members = lastMembers(Buffer.from(text), 'usage')
      const whole = JSON.parse(text) as Record<string, unknown>
      if (members) expect(members['usage']).toEqual(whole['usage'])
    }),
    { numRuns: 2000 },
  )
})
