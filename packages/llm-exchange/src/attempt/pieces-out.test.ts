import { expect, test } from 'vitest'
import { readPieces, streamPieces } from './pieces-out.ts'

const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(65_536, i))
const all = Buffer.concat(pieces)

/** How many bytes each turn of the event loop saw. */
function turns() {
  const bytes: number[] = []
  let current = 0
  const timer = setInterval(() => undefined, 1000)
  const next = () => {
    bytes.push(current)
    current = 0
    watching = setImmediate(next)
  }
  let watching = setImmediate(next)
  return {
    add: (count: number) => (current += count),
    stop() {
      clearImmediate(watching)
      clearInterval(timer)
      return [...bytes, current]
    },
  }
}

test('a request’s body is all there, announced, and takes several turns', async () => {
  const headers: string[] = []
  const seen = turns()
  const chunks: Buffer[] = []
  for await (const chunk of readPieces(pieces, headers)) {
    if (!Buffer.isBuffer(chunk)) throw new Error('no bytes')
    seen.add(chunk.length)
    chunks.push(chunk)
  }
  expect(Buffer.concat(chunks).equals(all)).toBe(true)
  expect(headers).toEqual(['content-length', String(all.length)])
  expect(Math.max(...seen.stop())).toBeLessThan(all.length / 2)
})

test('a response’s body waits while its client does', async () => {
  const headers: string[] = []
  const stream = streamPieces(pieces, headers)
  const seen = turns()
  const chunks: Buffer[] = []
  const ended = Promise.withResolvers<void>()
  stream.start({
    chunk(bytes) {
      seen.add(bytes.length)
      chunks.push(bytes)
      if (chunks.length !== 10) return
      stream.pause()
      setTimeout(() => {
        expect(chunks.length).toBe(10)
        stream.resume()
      }, 20)
    },
    end: ended.resolve,
    fail: ended.reject,
  })
  await ended.promise
  expect(Buffer.concat(chunks).equals(all)).toBe(true)
  expect(headers).toEqual(['Content-Length', String(all.length)])
  expect(Math.max(...seen.stop())).toBeLessThan(all.length / 2)
})

test('nothing comes after an abort', async () => {
  const stream = streamPieces(pieces, [])
  let chunks = 0
  stream.start({
    chunk() {
      chunks++
      stream.abort(new Error('gone'))
    },
    end: () => expect.unreachable(),
    fail: () => expect.unreachable(),
  })
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
  expect(chunks).toBe(1)
})
