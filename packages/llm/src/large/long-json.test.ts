import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonDepthMax } from './json-scanner.ts'
import { LongJson, longObject, longText, membersMax, memberBytesMax } from './long-json.ts'
import { splicePieces } from './splice-pieces.ts'

/** The text in pieces of these sizes, the sizes taken round and round. */
function inPieces(text: string | Buffer, sizes: readonly number[]): LongJson {
  // Off by one in its memory, as pieces of a connection are.
  const bytes = Buffer.from(` ${text.toString()}`).subarray(1)
  const json = new LongJson()
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    json.push(bytes.subarray(at, at + size))
    at += size
  }
  return json
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
const key = fc.oneof(
  fc.constantFrom('a', 'model', 'stream', '__proto__', 'ключ'),
  fc.string({ unit: 'binary' }),
)
/** Once through JSON, which knows no -0. */
const anyJson = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)
const document = fc
  .tuple(
    fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), fc.dictionary(key, fc.jsonValue())),
    fc.constantFrom(0, 1, '\t'),
  )
  .map(([value, space]) => JSON.stringify(value, undefined, space))
const spoilt = fc
  .tuple(
    document,
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(2),
        fc.oneof(
          fc.constantFrom(...Array.from('{}[]:,"\\tfnu0123456789.eE+- \n\u0000\u001f\u00a0')),
          fc.constantFrom('true', 'null', '\\u00e9', '\\x', '-0', '1e5', '01', '"":', ',,', '{}'),
        ),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([text, changes]) => {
    let changed = text
    for (const [at, removed, inserted] of changes) {
      const place = at % (changed.length + 1)
      changed = changed.slice(0, place) + inserted + changed.slice(place + removed)
    }
    return changed
  })

test('finds JSON where a parser finds it, however it is cut', () => {
  fc.assert(
    fc.property(fc.oneof(document, spoilt), sizes, (text, cuts) => {
      const json = inPieces(text, cuts)
      const expected = parsed(Buffer.from(text).toString())
      expect(json.complaint() === '').toBe(expected !== undefined)
      const value = expected?.value
      if (typeof value !== 'object' || value === null) return
      if (Array.isArray(value)) expect(json.outline).toHaveLength(value.length)
      else expect(Object.entries(json.outline as object)).toEqual(Object.entries(value))
    }),
    { numRuns: 2000 },
  )
})

test('splicing members gives the object that setting them gives', () => {
  fc.assert(
    fc.property(
      fc.dictionary(key, anyJson),
      fc.dictionary(key, fc.option(anyJson, { nil: undefined }), { maxKeys: 3 }),
      sizes,
      fc.constantFrom(0, 1),
      (body, edits, cuts, space) => {
        const long = inPieces(JSON.stringify(body, undefined, space), cuts)
        expect(long.complaint()).toBe('')
        const members = new Map(
          Object.entries(edits).map(([k, v]) => [k, v === undefined ? v : Buffer.from(JSON.stringify(v))]),
        )
        const spliced = Buffer.concat(splicePieces(long, members)).toString()
        const expected = new Map([...Object.entries(body), ...Object.entries(edits)])
        for (const [k, v] of Object.entries(edits)) if (v === undefined) expected.delete(k)
        expect(new Map(Object.entries(JSON.parse(spliced) as object))).toEqual(expected)
      },
    ),
  )
})

test('a member that stands there twice is changed in both places', () => {
  const json = inPieces('{"model":"a", "x":1 , "mod\\u0065l":"b"}', [7])
  expect(json.complaint()).toBe('')
  const spliced = splicePieces(json, new Map([['model', Buffer.from('"c"')]]))
  expect(Buffer.concat(spliced).toString()).toBe('{"model":"c","x":1,"mod\\u0065l":"c"}')
})

test('what is long is stood for, and found again', () => {
  const text = 'ä'.repeat(memberBytesMax)
  const body = {
    model: 'm',
    messages: [{ content: text }, {}],
    note: text,
    metadata: { text },
    [text]: 1,
    digits: 0,
    stream: true,
  }
  const json = inPieces(
    JSON.stringify(body).replace('"digits":0', `"digits":${'1'.repeat(memberBytesMax + 1)}`),
    [5000],
  )
  expect(json.complaint()).toBe('')
  const outline = json.outline as Record<string, unknown>
  expect(outline).toMatchObject({
    model: 'm',
    note: longText,
    metadata: longObject,
    digits: longText,
    stream: true,
  })
  expect(outline['messages']).toHaveLength(2)
  const place = json.members.find((member) => member.key === 'messages')
  expect(place && json.parseMember(place)).toEqual(body.messages)
  expect(json.parse()).toMatchObject({ note: text })
})

test('pictures are counted by their keys', () => {
  const json = inPieces(
    JSON.stringify({
      messages: [
        {
          content: [
            { type: 'image_url', image_url: { url: 'data:abc' } },
            { type: 'text', text: 'url' },
          ],
        },
        { content: [{ type: 'image', source: { data: 'xyz', media_type: 'image/png' } }, { url: ['no'] }] },
      ],
    }),
    [3],
  )
  expect(json.complaint()).toBe('')
  expect(json.media).toEqual({ count: 2, bytes: 11 })
})

test('depth and members are bounded', () => {
  const nested = (depth: number) => inPieces('['.repeat(depth) + ']'.repeat(depth), [999]).complaint()
  expect(nested(jsonDepthMax)).toBe('')
  expect(nested(jsonDepthMax + 1)).toBe('too many nested data structures at byte 1000')
  const wide = (count: number) =>
    inPieces(`{${Array.from({ length: count }, (_, i) => `"${i}":${i}`).join(',')}}`, [999])
  expect(Object.keys(wide(membersMax).outline as object)).toHaveLength(membersMax)
  expect(wide(membersMax).complaint()).toBe('')
  expect(wide(membersMax + 1).complaint()).toBe(`more than ${membersMax} members`)
  expect(inPieces(JSON.stringify(Array.from({ length: membersMax + 1 }, () => 0)), [999]).complaint()).toBe(
    '',
  )
})

test('says where it is wrong', () => {
  expect(inPieces('{"a": nul}', [4]).complaint()).toBe('unexpected character at byte 9')
  expect(inPieces('{"a": 1', [4]).complaint()).toBe('the text ends at byte 7, before its value does')
  expect(inPieces('"a\nb"', [4]).complaint()).toBe('unexpected character at byte 2')
})
