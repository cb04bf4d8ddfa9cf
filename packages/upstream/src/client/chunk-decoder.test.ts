import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkDecoder } from './chunk-decoder.ts'

const chunk = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.boolean(), fc.nat(3))
  .map(([data, isUpper, zeros]) => {
    const size = `${'0'.repeat(zeros)}${data.length.toString(16)}`
    return { data: Buffer.from(data), size: isUpper ? size.toUpperCase() : size }
  })

function encode(chunks: readonly { data: Buffer; size: string }[]): Buffer {
  return Buffer.concat(
    chunks.flatMap(({ data, size }) => [Buffer.from(`${size}\r\n`), data, Buffer.from('\r\n')]),
  )
}

/** Feeds the pieces through a buffer that is used again, as the connection's is. */
function decode(bytes: Buffer, cuts: readonly number[]) {
  const decoder = new ChunkDecoder()
  const shared = Buffer.alloc(bytes.length)
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  const data: Buffer[] = []
  const rest: Buffer[] = []
  for (const [i, end] of places.entries()) {
    const piece = bytes.subarray(places[i - 1] ?? 0, end)
    if (decoder.rest) {
      rest.push(piece)
      continue
    }
    piece.copy(shared)
    const decoded = decoder.decode(shared, piece.length)
    if (decoded) data.push(decoded)
    if (decoder.rest) rest.push(decoder.rest)
  }
  return { data: Buffer.concat(data), rest: Buffer.concat(rest).toString('latin1') }
}

const cuts = fc.array(fc.nat(), { maxLength: 8 })

test('data is what was sent, however it was chunked and cut, and the last chunk is left over', () => {
  const ends = fc.constantFrom(
    '0\r\n\r\n',
    '000\r\n\r\n',
    '0\r\nA: b\r\n\r\n',
    '0;x\r\n\r\nHTTP/1.1 200 OK\r\n',
  )
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 6 }), ends, cuts, (chunks, end, places) => {
      const decoded = decode(Buffer.concat([encode(chunks), Buffer.from(end)]), places)
      expect(decoded.data).toEqual(Buffer.concat(chunks.map(({ data }) => data)))
      expect(decoded.rest).toBe(end)
    }),
  )
})

test('from a chunk that is not plain on, everything is left over as it came', () => {
  const odd = fc.constantFrom(
    '5;a=b\r\nhello\r\n0\r\n\r\n',
    '5 \r\nhello\r\n0\r\n\r\n',
    '5\rhello',
    '5\nhello',
    '00000005\r\nhello\r\n0\r\n\r\n',
    '-5\r\n',
    'g\r\n',
    '\r\n',
  )
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 3 }), odd, cuts, (chunks, end, places) => {
      const decoded = decode(Buffer.concat([encode(chunks), Buffer.from(end)]), places)
      expect(decoded.data).toEqual(Buffer.concat(chunks.map(({ data }) => data)))
      expect(decoded.rest).toBe(end)
    }),
  )
})

test('a chunk that is longer than announced leaves nothing that could be read as a size', () => {
  fc.assert(
    fc.property(chunk, cuts, (first, places) => {
      const bytes = Buffer.concat([encode([first]).subarray(0, -2), Buffer.from('5\r\nhello\r\n')])
      expect(decode(bytes, places)).toEqual({ data: first.data, rest: expect.stringMatching(/^!/) })
    }),
  )
})
