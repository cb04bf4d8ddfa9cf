import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { IncomingRequest } from './client-request.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** What `use` makes of a POST whose body is written like this. */
async function received<T>(
  write: readonly (Buffer | string)[],
  use: (request: IncomingRequest) => Promise<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const server = createServer((message, reply) => {
    use(new IncomingRequest(message, (path) => path))
      .then(resolve, reject)
      .finally(() => reply.end())
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const socket = connect(address.port, '127.0.0.1')
  socket.on('error', () => undefined)
  for (const bytes of write) socket.write(bytes)
  return promise
}

const head = (length: string) => `POST / HTTP/1.1\r\nHost: a\r\n${length}\r\n\r\n`
const mebibyte = 1024 * 1024
const max = 4 * mebibyte

function reader() {
  const pieces: Buffer[] = []
  return { pieces, push: (piece: Buffer) => void pieces.push(piece) }
}

test('a long body comes in pieces, and is there as a whole for whoever asks later', async () => {
  const body = Buffer.alloc(3 * mebibyte, 'abc')
  await received([head(`Content-Length: ${body.length}`), body], async (request) => {
    const { pieces, push } = reader()
    expect(await request.readPieces(max, { push })).toBe(body.length)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536)
    expect(Buffer.concat(pieces).equals(body)).toBe(true)
    expect(request.bodyBytes).toBe(body.length)
    expect(request.body?.equals(body)).toBe(true)
    const again = reader()
    expect(await request.readPieces(max, again)).toBe(body.length)
    expect(Buffer.concat(again.pieces).equals(body)).toBe(true)
    expect(await request.readBody(10)).toBe(body.length)
  })
})

test('bytes that come one by one are joined', async () => {
  const count = 5000
  const body = [...Array.from({ length: count }, (_, i) => `1\r\n${i % 10}\r\n`), '0\r\n\r\n'].join('')
  await received([head('Transfer-Encoding: chunked'), body], async (request) => {
    const { pieces, push } = reader()
    expect(await request.readPieces(max, { push })).toBe(count)
    expect(pieces.length).toBeLessThan(count / 100)
    expect(Buffer.concat(pieces).toString()).toBe('0123456789'.repeat(count / 10))
  })
})

test('a body that is too large is refused by its announcement, or when it is', async () => {
  const announced = [head(`Content-Length: ${max + 1}`)]
  expect(await received(announced, (request) => request.readPieces(max, reader()))).toBe(max + 1)
  const large = Buffer.alloc(max + 10)
  const chunked = [head('Transfer-Encoding: chunked'), `${large.length.toString(16)}\r\n`, large]
  const size = await received(chunked, async (request) => {
    const first = await request.readPieces(max, reader())
    expect(await request.readBody(max)).toBe(first)
    return first
  })
  expect(size).toBeGreaterThan(max)
})

test('the memory of a long body is given back, and nobody else’s', async () => {
  const body = Buffer.alloc(mebibyte, 'abc')
  await received([head(`Content-Length: ${body.length}`), body], async (request) => {
    const { pieces, push } = reader()
    await request.readPieces(max, { push })
    const whole = Buffer.concat(pieces)
    request.giveMemoryBack()
    // Small pieces may share theirs.
    expect(pieces.filter(({ length }) => length >= 32_768)).toEqual([])
    expect(whole.equals(body)).toBe(true)
  })
})

test('a body that a plugin has replaced is everybody’s', async () => {
  const body = Buffer.alloc(100_000, 'abc')
  await received(
    ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    async (request) => {
      expect(await request.readBody(max)).toEqual(Buffer.from('abc'))
      request.replaceBody([body, Buffer.from('d')])
      expect(request.headers).toMatchObject({ 'content-length': '100001' })
      expect(request.headers).not.toHaveProperty('transfer-encoding')
      const { pieces, push } = reader()
      expect(await request.readPieces(max, { push })).toBe(100_001)
      expect(Buffer.concat(pieces).equals(Buffer.concat([body, Buffer.from('d')]))).toBe(true)
      expect(await request.readPieces(10, reader())).toBe(100_001)
      expect((await request.readBody(max)).valueOf()).toHaveLength(100_001)
      request.replaceBody(Buffer.from('e'))
      expect(request.body).toEqual(Buffer.from('e'))
      expect(await request.readBody(max)).toEqual(Buffer.from('e'))
    },
  )
})

test.each([
  ['A.test:80', 'a.test'],
  ['a.test.', 'a.test'],
  ['a.test.:80', 'a.test'],
  ['[::1]:80', '[::1]'],
])('the host of %s is %s', async (header, host) => {
  const lines = `GET / HTTP/1.1\r\nHost: ${header}\r\n\r\n`
  expect(await received([lines], (request) => Promise.resolve(request.host))).toBe(host)
})
