import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { headEndIn, saysChunked } from './head-bytes.ts'

const text = fc
  .array(fc.constantFrom('\r\n', '\r', '\n', '\r\n\r\n', 'chunked', 'Chunked', 'k', 'hunke', 'd', 'a: b'))
  .map((parts) => parts.join(''))

test('a head ends behind its first empty line', () => {
  fc.assert(
    fc.property(text, fc.nat({ max: 10 }), (head, unread) => {
      const bytes = Buffer.from(`${head}${'\r\n'.repeat(unread)}`)
      const end = head.indexOf('\r\n\r\n')
      expect(headEndIn(bytes, head.length)).toBe(end < 0 ? -1 : end + 4)
    }),
  )
})

test('what a head says of chunks is found, and nothing behind it', () => {
  fc.assert(
    fc.property(text, text, (head, body) => {
      expect(saysChunked(Buffer.from(head + body), head.length)).toBe(head.includes('hunked'))
    }),
  )
})
