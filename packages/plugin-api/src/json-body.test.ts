// The JSON of a request, read for several plugins.
import { describe, expect, test } from 'vitest'
import { createTestContext } from './harness/index.ts'
import { type JsonBody, knownJsonBody, memberOf, readJsonBody, replaceJsonBody } from './json-body.ts'

const asked = (body: string | object) => createTestContext({ request: { body } })
const text = 'x'.repeat(100_000)

test('what one plugin has read is known to the next', async () => {
  const ctx = asked({ a: 1 })
  expect(knownJsonBody(ctx)).toBeUndefined()
  const body = await readJsonBody(ctx, 100)
  expect(body).toMatchObject({ kind: 'whole', value: { a: 1 }, raw: Buffer.from('{"a":1}') })
  expect(readJsonBody(ctx, 100)).toBe(body)
  expect(readJsonBody(ctx, 5)).toMatchObject({ kind: 'too_large' })
})

test('a long body is scanned', async () => {
  const body = await readJsonBody(asked({ a: 1, text, deep: { text } }), 1_000_000)
  expect(body).toMatchObject({ kind: 'long', value: { a: 1 } })
  expect(memberOf(body as JsonBody, 'a')).toBe(1)
  expect(memberOf(body as JsonBody, 'deep')).toEqual({ text })
  expect(memberOf(body as JsonBody, 'none')).toBeUndefined()
  const longer = await readJsonBody(asked({ deep: { text: text.repeat(3) } }), 1_000_000)
  expect(() => memberOf(longer as JsonBody, 'deep')).toThrow('the member "deep" of the body is too large')
})

describe('what cannot be read', () => {
  test.each([
    ['', 'empty', 'could not get body: request body is empty'],
    ['{', 'not_json', /^could not parse JSON request body: ./],
    [`["${text}"`, 'not_json', /^could not parse JSON request body: the text ends at byte 100003/],
    [
      '"123456"'.repeat(20_000),
      'too_large',
      'could not get body: request size 160000 is greater than the maximum size 150000 allowed',
    ],
  ])('%.20s is %s', async (body, kind, reason) => {
    const read = await readJsonBody(asked(body), 150_000)
    expect(read).toMatchObject({ kind, reason: expect.stringMatching(reason) as string })
  })
})

test('a body that is replaced is the next plugin’s', async () => {
  const ctx = asked({ a: 1 })
  await readJsonBody(ctx, 100)
  replaceJsonBody(ctx, { b: 2 })
  expect(readJsonBody(ctx, 100)).toMatchObject({ value: { b: 2 } })
  expect(ctx.request.body).toEqual(Buffer.from('{"b":2}'))
  replaceJsonBody(ctx, [Buffer.from('{"c"'), Buffer.from(':3}')])
  expect(await readJsonBody(ctx, 100)).toMatchObject({ value: { c: 3 } })
  replaceJsonBody(ctx, 'no JSON')
  expect(await readJsonBody(ctx, 100)).toMatchObject({ kind: 'not_json' })
})
