import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openaiChat } from '../protocols/openai-chat.ts'
import { passthrough } from '../protocols/passthrough.ts'
import { BodyShaper, type ShapingRules } from './body-shaper.ts'
import { spliceMembers } from './splice.ts'

const noRules: ShapingRules = {
  options: undefined,
  maxTokens: undefined,
  maxTokensMember: undefined,
  patch: undefined,
  forcePatch: false,
  dropsModel: false,
}

function shaped(rules: Partial<ShapingRules>, body: object, text = JSON.stringify(body)) {
  const shaper = new BodyShaper(openaiChat, { ...noRules, ...rules })
  const result = shaper.shape({ ...body }, Buffer.from(text))
  return {
    text: result.bytes.toString(),
    json: JSON.parse(result.bytes.toString()) as unknown,
    edits: result.edits,
  }
}

const key = fc.oneof(fc.constantFrom('a', 'b', 'model', 'stream'), fc.string())
const layout = fc.constantFrom<[string, string, string][]>(
  ['', '', ''],
  [' ', '\n\t', '  '],
  ['\r\n', ' ', ''],
)

test('splicing members gives the object that setting them gives, however it is written', () => {
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.jsonValue()),
      fc.dictionary(key, fc.jsonValue(), { maxKeys: 3 }),
      layout,
      (body, edits, [a, b, c]) => {
        const members = Object.entries(body).map(
          ([k, v]) => `${b}${JSON.stringify(k)}${c}:${a}${JSON.stringify(v)}${b}`,
        )
        const raw = Buffer.from(`${a}{${members.join(',')}${a}}${c}`)
        const spliced = spliceMembers(
          raw,
          Object.entries(edits).map(([k, v]) => ({ key: k, json: Buffer.from(JSON.stringify(v)) })),
        )
        // Names with escapes are left to the serialiser.
        if (!spliced) expect(raw.includes('\\')).toBe(true)
        else expect(JSON.parse(spliced.toString())).toEqual(JSON.parse(JSON.stringify({ ...body, ...edits })))
      },
    ),
  )
})

test('a member that stands there twice is not spliced', () => {
  const edit = { key: 'model', json: Buffer.from('"x"') }
  expect(spliceMembers(Buffer.from('{"model":"a","model":"b"}'), [edit])).toBeUndefined()
  expect(spliceMembers(Buffer.from('{"mod\\u0065l":"a"}'), [edit])).toBeUndefined()
  expect(shaped({ options: { model: 'x' } }, { model: 'b' }, '{"model":"a","model":"b"}').text).toBe(
    '{"model":"x"}',
  )
})

test('what nobody changes goes out as the client wrote it', () => {
  const text = '{ "model" : "m",\n"messages":[]}'
  expect(shaped({}, JSON.parse(text) as object, text)).toMatchObject({ text, edits: undefined })
  expect(shaped({ options: { model: 'm' } }, JSON.parse(text) as object, text).text).toBe(text)
})

test('a stream always asks for its usage', () => {
  const { json } = shaped({}, { model: 'm', stream: true, stream_options: { include_usage: false, x: 1 } })
  expect(json).toEqual({ model: 'm', stream: true, stream_options: { include_usage: true } })
  expect(shaped({ options: { stream: true } }, { model: 'm' }).json).toEqual({ model: 'm', stream: true })
})

test('options overwrite, max_tokens goes where the provider wants it', () => {
  const options = { model: 'forced', temperature: 0.2, max_tokens: 77 }
  expect(shaped({ options }, { model: 'm', temperature: 1, max_tokens: 5 }).json).toEqual(options)
  const member = { member: 'max_completion_tokens', replaces: ['max_tokens'] }
  expect(shaped({ maxTokens: 33, maxTokensMember: member }, { model: 'm', max_tokens: 5 }).json).toEqual({
    model: 'm',
    max_completion_tokens: 33,
  })
})

test('a limit that lives deeper down is merged into its object, and the model taken out at the end', () => {
  const rules = {
    maxTokens: 9,
    maxTokensMember: { member: 'maxTokens', within: 'inferenceConfig' },
    dropsModel: true,
  }
  expect(shaped(rules, { model: 'm', inferenceConfig: { topP: 1, maxTokens: 5 } }).json).toEqual({
    inferenceConfig: { topP: 1, maxTokens: 9 },
  })
  expect(shaped({ ...rules, options: { model: 'o' } }, {}).json).toEqual({
    inferenceConfig: { maxTokens: 9 },
  })
})

test('a patch fills gaps in depth, and overwrites only with force', () => {
  const patch = { temperature: 0.9, metadata: { a: 1 }, stop: ['x'] }
  const body = { model: 'm', temperature: 0.1, metadata: { a: 0, b: 2 } }
  expect(shaped({ patch }, body).json).toEqual({ ...body, metadata: { a: 0, b: 2 }, stop: ['x'] })
  expect(shaped({ patch, forcePatch: true }, body).json).toEqual({
    ...body,
    temperature: 0.9,
    metadata: { a: 1, b: 2 },
    stop: ['x'],
  })
  expect(shaped({ patch: { model: 'other' } }, { model: 'm' }).edits).toBeUndefined()
})

test('a body that a plugin replaced is written anew', () => {
  const shaper = new BodyShaper(passthrough, { ...noRules, options: { a: 1 } })
  expect(shaper.shape({ b: 2 }, undefined).bytes.toString()).toBe('{"b":2,"a":1}')
  expect(shaper.member({ a: 5, b: 2 }, 'a')).toBe(1)
  expect(shaper.member({ a: 5, b: 2 }, 'b')).toBe(2)
})
