import { createServer, type Socket } from 'node:net'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { portOf } from './listen.ts'
import { rawRequest } from './client.ts'
import { ResponseParser } from './response-parser.ts'

async function answering(respond: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => respond(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const port = portOf(server)
  try {
    return await rawRequest({ port, timeoutMs: 1000 })
  } finally {
    server.close()
  }
}

const chunked = 'HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n'

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'complete', 'hello'],
  ['chunks', `${chunked}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`, 'complete', 'hello'],
  ['the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nhello', 'complete', 'hello'],
  ['an interim answer first', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', 'complete', ''],
  ['a length not reached', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', 'cut', 'hello'],
  ['no last chunk', `${chunked}3\r\nhel\r\n`, 'cut', 'hel'],
  ['half a chunk', `${chunked}9\r\nhel`, 'cut', 'hel'],
  ['half a head', 'HTTP/1.1 200 OK\r\nX-', 'cut', ''],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n', 'malformed', ''],
  ['a bad chunk size', `${chunked}zz\r\n`, 'malformed', ''],
])('an answer with %s', async (_, bytes, ended, text) => {
  const response = await answering((socket) => socket.end(bytes))
  expect(response).toMatchObject({ ended, text })
})

test('keeps headers as they came', async () => {
  const response = await answering((socket) => socket.end(`${chunked}0\r\n\r\n`))
  expect(response.rawHeaders).toEqual([
    ['X-A', '1'],
    ['x-a', '2'],
    ['Transfer-Encoding', 'chunked'],
  ])
  expect(response.header('X-a')).toBe('1')
})

test('a reset is seen as such, and silence as a timeout', async () => {
  const reset = await answering((socket) => socket.resetAndDestroy())
  expect(reset).toMatchObject({ status: 0, ended: 'cut', error: 'ECONNRESET' })
  expect(await answering(() => undefined)).toMatchObject({ ended: 'timeout' })
})

test('a response cut at any bytes parses the same', () => {
  const response = Buffer.from(`${chunked}3\r\nhel\r\nc;x=y\r\nlo, chunks!!\r\n0\r\nT: v\r\n\r\n`)
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(response.length)), (cuts) => {
      const body: Buffer[] = []
      const parser = new ResponseParser((bytes) => body.push(Buffer.from(bytes)))
      const edges = [0, ...cuts.toSorted((a, b) => a - b), response.length]
      for (const [i, edge] of edges.entries()) parser.push(response.subarray(edges[i - 1] ?? 0, edge))
      expect(parser.complete).toBe(true)
      expect(Buffer.concat(body).toString()).toBe('hello, chunks!!')
    }),
  )
})
