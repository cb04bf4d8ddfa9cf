import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, FrameSplitter, isExceptionEvent } from './event-frames.ts'

const event = (type: string, payload: string) =>
  encodeFrame({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, payload)

/** Amazon's own example of a frame without headers and with an empty payload. */
const empty = Buffer.from('000000100000000005c248eb7d98c8ff', 'hex')

test('a stream cut at any bytes gives the same events', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' })), { maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (events, cuts) => {
        const bytes = Buffer.concat(events.map(([type, payload]) => event(type, payload)))
        const places = [0, ...cuts.map((at) => at % (bytes.length + 1)), bytes.length].toSorted(
          (a, b) => a - b,
        )
        const splitter = new FrameSplitter()
        const got = places.slice(1).flatMap((end, i) => [...splitter.push(bytes.subarray(places[i], end))])
        expect(got.map(({ type, data }) => [type, data])).toEqual(
          events.map(([type, payload]) => [type, Buffer.from(payload).toString()]),
        )
        expect(Buffer.concat(got.map(({ bytes: one }) => one ?? empty))).toEqual(bytes)
        expect(splitter.betweenEvents).toBe(true)
      },
    ),
  )
})

test('a frame of somebody else is read', () => {
  expect(new FrameSplitter().push(empty)).toMatchObject([{ type: '', data: '' }])
})

test('an exception is told apart by its message type', () => {
  const frame = encodeFrame({ ':message-type': 'exception', ':exception-type': 'throttlingException' }, '{}')
  const [seen] = new FrameSplitter().push(frame)
  expect(seen?.type).toBe('exception:throttlingException')
  expect(isExceptionEvent(seen?.type ?? '')).toBe(true)
})

test('after a damaged frame nothing is read', () => {
  const good = event('a', '{}')
  const bad = Buffer.from(good)
  bad[bad.length - 6] = (bad[bad.length - 6] ?? 0) ^ 1
  const splitter = new FrameSplitter()
  expect(splitter.push(Buffer.concat([good, bad, good]))).toHaveLength(1)
  expect(splitter.isBroken).toBe(true)
  expect(splitter.push(good)).toEqual([])
  expect(new FrameSplitter().push(Buffer.alloc(12, 0xff))).toEqual([])
})
