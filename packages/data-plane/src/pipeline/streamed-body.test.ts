import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RawExchange, rawRequest, until } from '@weir/testkit'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StreamedBody } from './streamed-body.ts'

let answer: (reply: ServerResponse, message: IncomingMessage) => void = () => undefined
const server = createServer((message, reply) => answer(reply, message))
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Writes as StreamedBody's callers do: several chunks at a time, the last ones with the end. */
function streams(writes: readonly (readonly Buffer[])[], headers: Record<string, string> = {}): number[] {
  const bytes: number[] = []
  answer = (reply) => {
    reply.writeHead(200, headers)
    const body = new StreamedBody(reply)
    for (const chunks of writes.slice(0, -1)) body.write(chunks)
    body.end(writes.at(-1) ?? [])
    bytes.push(body.bytes)
  }
  return bytes
}

const buffers = (...texts: string[]) => texts.map((text) => Buffer.from(text))
const ask = (method = 'GET', version = '1.1') =>
  version === '1.1' ? rawRequest({ port, method }) : askRaw(`${method} / HTTP/${version}\r\n\r\n`)

async function askRaw(head: string) {
  const { connect } = await import('node:net')
  const { promise, resolve } = Promise.withResolvers<{ text: string; head: string }>()
  let all = ''
  const socket = connect({ port, host: '127.0.0.1' }, () => void socket.write(head))
  socket.on('data', (bytes: Buffer) => (all += bytes.toString('latin1')))
  socket.on('close', () => {
    const end = all.indexOf('\r\n\r\n')
    resolve({ head: all.slice(0, end), text: all.slice(end + 4) })
  })
  return promise
}

describe('a streamed body', () => {
  test('arrives whole, however it is cut into chunks and writes', async () => {
    const chunk = fc.oneof(fc.constant(0), fc.nat(20), fc.constantFrom(15, 16, 255, 256, 4095, 4096, 70_000))
    const writes = fc.array(fc.array(chunk, { maxLength: 4 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(writes, async (sizes) => {
        let letter = 0
        const data = sizes.map((of) => of.map((size) => Buffer.alloc(size, 97 + (letter++ % 26))))
        const whole = Buffer.concat(data.flat())
        const bytes = streams(data)
        const response = await rawRequest({ port })
        expect(response).toMatchObject({ status: 200, ended: 'complete' })
        expect(response.text).toBe(whole.toString())
        expect(bytes).toEqual([whole.length])
      }),
      { numRuns: 60 },
    )
  })

  test('is one chunk for each write, and none for a write without data', async () => {
    streams([buffers('a', 'bc'), buffers(''), [], buffers('d'.repeat(16)), buffers('e')])
    const { text } = await askRaw('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(text).toBe(`3\r\nabc\r\n10\r\n${'d'.repeat(16)}\r\n1\r\ne\r\n0\r\n\r\n`)
  })

  test('sends the head with the first write, even one without data', async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>()
    answer = (reply) => {
      reply.writeHead(200, { 'X-Head': 'early' })
      const body = new StreamedBody(reply)
      body.write([])
      void go.then(() => body.end(buffers('late')))
    }
    const exchange = new RawExchange({ port })
    await until(() => exchange.head !== undefined)
    expect(exchange.head?.header('x-head')).toBe('early')
    expect(exchange.text).toBe('')
    resolve()
    expect((await exchange.done).text).toBe('late')
  })

  test('is not framed where node:http frames none: with a length, for HTTP/1.0, for HEAD', async () => {
    streams([buffers('abc'), buffers('de')], { 'Content-Length': '5' })
    expect(await ask()).toMatchObject({ text: 'abcde', ended: 'complete' })
    streams([buffers('abc'), buffers('de')])
    expect((await ask('GET', '1.0')).text).toBe('abcde')
    streams([buffers('abc'), buffers('de')])
    expect(await ask('HEAD')).toMatchObject({ status: 200, text: '' })
  })

  test('says when the connection takes no more, and when it does again', async () => {
    const { promise: drained, resolve } = Promise.withResolvers<void>()
    let tookMore = true
    answer = (reply) => {
      reply.writeHead(200)
      const body = new StreamedBody(reply)
      const piece = Buffer.alloc(1 << 20, 'x')
      for (let i = 0; i < 64 && tookMore; i++) tookMore = body.write([piece])
      body.onceDrained(() => {
        body.end([])
        resolve()
      })
    }
    const exchange = new RawExchange({ port })
    exchange.pause()
    await until(() => !tookMore)
    exchange.resume()
    await drained
    expect((await exchange.done).ended).toBe('complete')
  })

  test('that nobody reads any more is written without harm', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<StreamedBody>()
    answer = (reply) => {
      reply.writeHead(200)
      const body = new StreamedBody(reply)
      body.write(buffers('begun'))
      reply.on('close', () => resolve(body))
    }
    const exchange = new RawExchange({ port })
    await until(() => exchange.text === 'begun')
    exchange.leave()
    const body = await closed
    body.write(buffers('more'))
    body.end(buffers('rest'))
    expect(body.bytes).toBe(13)
  })
})
