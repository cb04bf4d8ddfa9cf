import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SseBlocks } from './sse-blocks.ts'
import { encodeSseEvent, eventEnd, hasData, parseSseEvent } from './sse-event.ts'
import { sseCarryBytesMax, SseSplitter } from './sse-splitter.ts'

const line = fc.oneof(
  fc.string().map((text) => `data: ${text.replaceAll(/[\r\n]/g, '')}`),
  fc.constantFrom(
    'event: ping',
    'id: 7',
    ': comment',
    'data',
    'DATA:x',
    'retry:10',
    'data: "usage"',
    'data: 语言',
  ),
)
const stream = fc
  .array(fc.tuple(fc.array(line, { minLength: 1, maxLength: 3 }), fc.constantFrom('\n', '\r\n')), {
    maxLength: 5,
  })
  .map((events) => events.map(([lines, end]) => lines.join(end) + end + end).join(''))

function split(chunks: readonly Buffer[]) {
  const splitter = new SseSplitter()
  const events = chunks.flatMap((chunk) => [...splitter.push(chunk)])
  return { events, rest: splitter.rest }
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end))
}

test('a stream cut at any bytes gives the same events', () => {
  fc.assert(
    fc.property(stream, fc.string(), fc.array(fc.nat(), { maxLength: 6 }), (whole, tail, cuts) => {
      const bytes = Buffer.from(whole + tail.replaceAll(/[\r\n]/g, ''))
      expect(split(cut(bytes, cuts))).toEqual(split([bytes]))
    }),
  )
})

test('no byte is lost: events and rest put together are the stream', () => {
  fc.assert(
    fc.property(stream, (whole) => {
      const { events, rest } = split([Buffer.from(whole)])
      expect(Buffer.concat([...events.map((event) => event.bytes ?? Buffer.alloc(0)), rest]).toString()).toBe(
        whole,
      )
    }),
  )
})

test('fields are read as the contract says', () => {
  const event = parseSseEvent(
    Buffer.from(': hi\r\nEvent:delta\r\nid: 3\r\nretry: 9\r\ndata:  a\r\nnocolon\r\ndata:b\r\n\r\n'),
  )
  expect(event).toMatchObject({ type: 'delta', id: '3', retry: '9', data: ' a\nb' })
  expect(encodeSseEvent(event)).toBe('event: delta\nid: 3\nretry: 9\ndata:  a\ndata: b\n\n')
  expect(encodeSseEvent({ type: 'message', data: '[DONE]' })).toBe('data: [DONE]\n\n')
})

test('events end where the splitter cuts them', () => {
  fc.assert(
    fc.property(stream, (whole) => {
      const ends: number[] = []
      for (let at = 0; at < whole.length; at = ends.at(-1) ?? 0) ends.push(eventEnd(whole, at))
      let end = 0
      const { events } = split([Buffer.from(whole, 'latin1')])
      expect(ends).toEqual(events.map(({ bytes }) => (end += bytes?.length ?? 0)))
    }),
  )
})

test.each([
  ['data: x\n\n', true],
  ['Data:\r\n\r\n', true],
  ['event: x\nid: 1\n\n', false],
  [': data: x\n\n', false],
  ['\n\n', false],
])('%j has data: %s', (text, has) => {
  expect(hasData(parseSseEvent(Buffer.from(text)))).toBe(has)
})

test('an event of more than 1 MiB is dropped, and the next one is read', () => {
  const splitter = new SseSplitter()
  const piece = Buffer.alloc(sseCarryBytesMax / 4, 'x')
  expect(splitter.push(Buffer.from('data: '))).toEqual([])
  for (let i = 0; i < 3; i++) splitter.push(piece)
  expect(splitter.rest.length).toBeGreaterThan(0)
  splitter.push(piece)
  expect(splitter.rest).toHaveLength(0)
  expect(splitter.push(Buffer.from('xx\n\ndata: next\n\n')).map((event) => event.data)).toEqual(['next'])
})

test('blocks hold the same events, each whole, wherever the stream was cut', () => {
  fc.assert(
    fc.property(stream, fc.string(), fc.array(fc.nat(), { maxLength: 6 }), (whole, tail, cuts) => {
      const rest = tail.replaceAll(/[\r\n]/g, '')
      const blocks = new SseBlocks()
      const taken = cut(Buffer.from(whole + rest), cuts).map((chunk) => blocks.take(chunk))
      expect(Buffer.concat(taken).toString()).toBe(whole)
      for (const block of taken) expect(split([block]).rest).toHaveLength(0)
      expect(blocks.rest.toString()).toBe(rest)
    }),
  )
})

test('a block is whole that came in very many pieces', () => {
  const blocks = new SseBlocks()
  const whole = Buffer.from(`data: ${'x'.repeat(5000)}\n\n`)
  const taken = Array.from(whole, (_, i) => blocks.take(whole.subarray(i, i + 1)))
  expect(taken.filter(({ length }) => length > 0)).toEqual([whole])
})

test('an event of more than 1 MiB comes in pieces that say so, and nothing else does', () => {
  const blocks = new SseBlocks()
  const piece = Buffer.alloc(sseCarryBytesMax / 4, 'x')
  const take = (text: string) => [blocks.take(Buffer.from(text)).toString(), blocks.overlongBytes]
  expect(take('data: a\n\ndata: ')).toEqual(['data: a\n\n', 0])
  for (let i = 0; i < 3; i++) expect(blocks.take(piece)).toHaveLength(0)
  expect(blocks.isOverlong).toBe(false)
  expect(blocks.take(piece)).toHaveLength(sseCarryBytesMax + 6)
  expect(blocks).toMatchObject({ isOverlong: true, overlongBytes: sseCarryBytesMax + 6 })
  expect(take('xx\n')).toEqual(['xx\n', 3])
  expect(take('\ndata: b\n\ndata: c\n\nda')).toEqual(['\ndata: b\n\ndata: c\n\n', 1])
  expect(blocks).toMatchObject({ isOverlong: false, rest: Buffer.from('da') })
  expect(take('ta: d\n\n')).toEqual(['data: d\n\n', 0])
  expect(blocks.rest).toHaveLength(0)
})
