import { gzipSync } from 'node:zlib'
import type { ByteSink, GatewayResponse } from '@weir/plugin-api'
import { complaintAbout, runPlugin } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { responseRewrite } from './plugin.ts'

const answering = (body: GatewayResponse['body'], headers: string[] = []) => ({
  upstream: (): GatewayResponse => ({
    status: 200,
    headers: ['X-Old', '1', 'ETag', 'e', ...headers],
    source: 'upstream',
    body,
  }),
})
let aborted = 0
const stream = (...pieces: string[]) => ({
  start(sink: ByteSink) {
    for (const piece of pieces) sink.chunk(Buffer.from(piece))
    sink.end()
  },
  pause: () => {},
  resume: () => {},
  abort: () => void aborted++,
})

test('status and headers', async () => {
  const headers = {
    add: ['X-Old: 2', 'X-New: $http_who'],
    set: { 'X-Set': 'of $uri', 'X-Number': 7 },
    remove: ['etag'],
  }
  const request = { target: '/p', headers: { who: 'me' } }
  const result = await runPlugin(
    responseRewrite,
    { status_code: 201, headers },
    { request, ...answering('b') },
  )
  expect(result).toMatchObject({ status: 201, text: 'b' })
  expect(result.header('x-set')).toBe('of /p')
  expect(result.header('x-number')).toBe('7')
  expect(result.header('x-new')).toBe('me')
  expect(result.header('x-old')).toBe('1')
  expect(result.header('etag')).toBeUndefined()
  const old = await runPlugin(responseRewrite, { headers: { 'X-Old': '3' } }, answering('b'))
  expect(old.header('x-old')).toBe('3')
})

test('nothing of a variable ends a header', async () => {
  const config = { headers: { set: { 'X-A': '$evil' } } }
  const result = await runPlugin(responseRewrite, config, { variables: { evil: 'a\r\nSet-Cookie: b=语' } })
  expect(result.header('x-a')).toBe('aSet-Cookie: b=')
})

test.each([
  [{ body: 'new' }, 'new'],
  [{ body: Buffer.from('new').toString('base64'), body_base64: true }, 'new'],
  [{ body: '' }, ''],
])('another body: %j', async (config, text) => {
  const whole = await runPlugin(responseRewrite, config, answering('old', ['Content-Length', '3']))
  expect(whole).toMatchObject({ text })
  expect(whole.header('content-length')).toBeUndefined()
  expect(whole.header('etag')).toBeUndefined()
  aborted = 0
  expect(await runPlugin(responseRewrite, config, answering(stream('old')))).toMatchObject({ text })
  expect(aborted).toBe(1)
})

test.each([
  [[{ regex: 'l', replace: 'L' }], 'heLlo world'],
  [[{ regex: 'l', replace: 'L', scope: 'global' }], 'heLLo worLd'],
  [[{ regex: '(H)E', replace: '$1-${1}-$0-$$', options: 'ijo' }], 'h-h-he-$llo world'],
  [
    [
      { regex: 'hello', replace: 'bye' },
      { regex: 'bye world', replace: 'end' },
    ],
    'end',
  ],
])('filters %j', async (filters, text) => {
  const bodies = [
    answering('hello world'),
    answering(stream('hel', 'lo wor', 'ld')),
    answering(gzipSync('hello world'), ['Content-Encoding', 'gzip']),
  ]
  for (const body of bodies) {
    const result = await runPlugin(responseRewrite, { filters }, body)
    expect(result.text).toBe(text)
    expect(result.header('content-encoding')).toBeUndefined()
  }
})

test('a body that cannot be read is left alone; one that is too long is cut', async () => {
  const filters = [{ regex: 'a', replace: 'b', scope: 'global' }]
  const unknown = answering('aaa', ['Content-Encoding', 'zstd'])
  expect(await runPlugin(responseRewrite, { filters }, unknown)).toMatchObject({ text: 'aaa' })
  const config = { filters, max_resp_body_size: 4 }
  expect(await runPlugin(responseRewrite, config, answering('aaaaaa'))).toMatchObject({ text: 'bbbb' })
  const streamed = await runPlugin(responseRewrite, config, answering(stream('aaa', 'aaa')))
  expect(streamed.text).toBe('bbbb')
})

test('the end of the text is also before its last line end', async () => {
  const filters = [{ regex: String.raw`\w\S+$`, replace: '*' }]
  expect(await runPlugin(responseRewrite, { filters }, answering('hello world\n'))).toMatchObject({
    text: 'hello *\n',
  })
  const literal = [{ regex: String.raw`[$]|\$`, replace: '', scope: 'global' }]
  expect(await runPlugin(responseRewrite, { filters: literal }, answering('$1$'))).toMatchObject({
    text: '1',
  })
})

test('setting a header to nothing removes it', async () => {
  const config = { headers: { 'Content-Type': '', 'X-A': '$arg_none', 'X-B': 'b' } }
  const result = await runPlugin(responseRewrite, config, answering('old', ['Content-Type', 'text/css']))
  expect(result.header('content-type')).toBeUndefined()
  expect(result.header('x-a')).toBeUndefined()
  expect(result.header('x-b')).toBe('b')
})

test.each(['YQ', 'YQ==', 'YQ=x'])('base64 as nginx reads it: %s', async (body) => {
  const config = { body, body_base64: true }
  expect(await runPlugin(responseRewrite, config, answering('old'))).toMatchObject({ text: 'a' })
})

test('only where the rule holds', async () => {
  const config = { body: 'new', vars: [['arg_a', '==', '1']] }
  expect(
    await runPlugin(responseRewrite, config, { request: { target: '/?a=1' }, ...answering('old') }),
  ).toMatchObject({ text: 'new' })
  expect(
    await runPlugin(responseRewrite, config, { request: { target: '/?a=2' }, ...answering('old') }),
  ).toMatchObject({ text: 'old' })
})

test.each([
  [{ status_code: 199 }, /status_code/],
  [{ body: '!', body_base64: true }, 'invalid base64 content'],
  [{ body: 'a', filters: [{ regex: 'a', replace: 'b' }] }, /filters|body/],
  [{ filters: [{ regex: '(', replace: 'b' }] }, /^regex "\(" validation failed: /],
  [{ filters: [{ regex: 'a', replace: 'b', options: 'q' }] }, /unknown flag "q" \(flags "q"\)/],
  [{ headers: { 'X-A': {} } }, 'invalid type as header value'],
  [{ headers: { '': 2 } }, 'invalid field length in header'],
  [{ body: '', body_base64: true }, 'invalid base64 content'],
  [{ body_base64: true }, 'invalid base64 content'],
  [{ vars: [['a', 'no', 'b']] }, /^failed to validate the 'vars' expression: /],
])('%j: %s', (config, complaint) => {
  expect(complaintAbout(responseRewrite, config)).toMatch(complaint)
})
