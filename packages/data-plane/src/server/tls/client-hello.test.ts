import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readClientHello } from './client-hello.ts'

/** What Node's own client says first. */
async function helloOf(servername: string | undefined): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const client = connect({ port, host: '127.0.0.1', ...(servername !== undefined && { servername }) })
  client.on('error', () => {})
  try {
    const [socket] = await once(server, 'connection')
    const [bytes] = await once(socket, 'data')
    return Buffer.from(bytes)
  } finally {
    client.destroy()
    server.close()
  }
}

/** The same message in records of `size` bytes at most. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part)
  }
  return Buffer.concat(records)
}

test('the name is read, in lower case, and so is its absence', async () => {
  expect(readClientHello(await helloOf('API.Example.com'))).toEqual({ serverName: 'api.example.com' })
  expect(readClientHello(await helloOf(undefined))).toEqual({ serverName: undefined })
})

test('any beginning is incomplete, however the message is spread over records', async () => {
  const hello = await helloOf('a.test')
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (size, share) => {
        const bytes = inRecords(hello, size)
        expect(readClientHello(bytes)).toEqual({ serverName: 'a.test' })
        const cut = bytes.subarray(0, Math.floor(share * (bytes.length - 1)))
        expect(readClientHello(cut)).toBe('incomplete')
      },
    ),
  )
})

test('what is no TLS is malformed', () => {
  expect(readClientHello(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe('malformed')
  expect(readClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]))).toBe('malformed')
})

test('no bytes at all make it throw or hang', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
      const size = Buffer.from([0, body.length >> 8, body.length & 255])
      const message = Buffer.concat([Buffer.from([1]), size, body])
      const hello = inRecords(Buffer.concat([Buffer.alloc(5), message]), 100)
      expect(readClientHello(hello)).toSatisfy((one) => typeof one === 'object' || one === 'malformed')
    }),
  )
})
