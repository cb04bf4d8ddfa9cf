import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { RawExchange, rawRequest, until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { cleanUp, echo, gateway, nodesAt, parseSeen, serve, serveRaw } from './gateway.testing.ts'

afterEach(cleanUp)

const MIB = 1024 * 1024

/** More than the kernel takes between two sockets whose reader sleeps, and then some. */
const muchBytes = 48 * MIB

describe('a request’s body', () => {
  test.each([
    ['Content-Length', '6'],
    ['Transfer-Encoding', 'chunked'],
  ])('flows as it comes, with %s', async (name, value) => {
    let received = ''
    const node = await serve((request, response) => {
      request.on('data', (chunk) => (received += String(chunk)))
      request.on('end', () => response.end(request.headers[name.toLowerCase()]))
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    const exchange = new RawExchange({
      port: gw.port,
      method: 'POST',
      headers: { Host: 'a', Connection: 'close', [name]: value },
    })
    const isChunked = value === 'chunked'
    exchange.write(isChunked ? '3\r\nabc\r\n' : 'abc')
    await until(() => received === 'abc')
    exchange.write(isChunked ? '3\r\ndef\r\n0\r\n\r\n' : 'def')
    expect((await exchange.done).text).toBe(value)
    expect(received).toBe('abcdef')
  })

  test.each(['GET', 'DELETE', 'OPTIONS'])('goes with %s too', async (method) => {
    const gw = await gateway({ nodes: nodesAt(await echo()) })
    const response = await rawRequest({ port: gw.port, method, body: 'hello' })
    expect(parseSeen(response.text)).toMatchObject({ method, body: 'hello' })
  })

  test('is the one that a plugin read', async () => {
    const gw = await gateway(
      { nodes: nodesAt(await echo()) },
      { plugin: ({ request }) => void Object.assign(request, { body: Buffer.from('changed by it') }) },
    )
    const response = await rawRequest({ port: gw.port, body: 'hello' })
    const seen = parseSeen(response.text)
    expect(seen.body).toBe('changed by it')
    expect(seen.rawHeaders.map((text) => text.toLowerCase())).toContain('13')
  })

  test('that a plugin began to read and gave up cannot be had', async () => {
    const gw = await gateway(
      { nodes: nodesAt(await echo()) },
      { plugin: ({ request }) => void (request.bodyBytes = 5) },
    )
    expect((await rawRequest({ port: gw.port, body: 'hello' })).status).toBe(413)
  })

  test('is announced by nothing but its length when it is empty', async () => {
    const gw = await gateway({ nodes: nodesAt(await echo()) })
    const headers = { Host: 'a', 'Content-Length': '0' }
    const seen = parseSeen((await rawRequest({ port: gw.port, method: 'POST', headers })).text)
    expect(seen.rawHeaders.map((text) => text.toLowerCase())).toContain('content-length')
    expect(
      parseSeen((await rawRequest({ port: gw.port })).text)
        .rawHeaders.join()
        .toLowerCase(),
    ).not.toMatch(/content-length|transfer-encoding/)
  })

  test('waits for 100 Continue, which the gateway says itself', async () => {
    const gw = await gateway({ nodes: nodesAt(await echo()) })
    const exchange = new RawExchange({
      port: gw.port,
      method: 'POST',
      headers: { Host: 'a', Expect: '100-continue', 'Content-Length': '5', Connection: 'close' },
    })
    await until(() => Buffer.concat(exchange.received).toString().startsWith('HTTP/1.1 100 '))
    exchange.leave()
  })

  test('of 100 MB passes at the pace of the slower side, and is not held', async () => {
    let received = 0
    const { promise: begun, resolve: begin } = Promise.withResolvers<IncomingMessage>()
    const node = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => (received += chunk.length))
      request.on('end', () => response.end(String(received)))
      request.pause()
      begin(request)
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    const client = connect(gw.port, '127.0.0.1')
    const length = 100 * MIB
    client.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`)
    const answered = textOf(client)
    const sent = pipeline(megabytes(length / MIB), client, { end: false })
    const request = await begun
    // The node does not read: what the client can send is what kernels and the gateway take.
    await settled(() => client.bytesWritten)
    expect(client.bytesWritten).toBeLessThan(length / 2)
    const { arrayBuffers } = process.memoryUsage()
    expect(arrayBuffers).toBeLessThan(length / 4)
    request.resume()
    await sent
    expect(await answered).toMatch(new RegExp(`${length}$`))
    expect(gw.records[0]?.attempts).toMatchObject([{ status: 200 }])
  })

  test('that stops in the middle ends at the upstream too', async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<boolean>()
    const node = await serve((request) => {
      request.on('close', () => close(request.complete)).on('error', () => undefined)
      request.resume()
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    const headers = { Host: 'a', 'Content-Length': '1000' }
    const exchange = new RawExchange({ port: gw.port, method: 'POST', headers })
    exchange.write('half')
    await until(() => gw.records[0]?.attempts.length)
    exchange.leave({ reset: true })
    expect(await closed).toBe(false)
    await until(() => gw.errors[0]?.code === 'client_gone')
  })

  test('that the upstream does not want is read away, and its answer arrives', async () => {
    const node = await serveRaw(
      (socket) =>
        void socket.once('data', () =>
          socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'),
        ),
    )
    const gw = await gateway({ nodes: nodesAt(node) })
    const response = await rawRequest({ port: gw.port, method: 'POST', body: 'x'.repeat(MIB) })
    expect(response).toMatchObject({ status: 413, text: 'no', ended: 'complete' })
  })

  test('may be answered before it ends', async () => {
    const node = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => response.write(chunk)).on('end', () => response.end())
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    const headers = { Host: 'a', 'Transfer-Encoding': 'chunked', Connection: 'close' }
    const exchange = new RawExchange({ port: gw.port, method: 'POST', headers })
    exchange.write('3\r\nabc\r\n')
    await until(() => exchange.text === 'abc')
    exchange.write('3\r\ndef\r\n0\r\n\r\n')
    expect(await exchange.done).toMatchObject({ text: 'abcdef', ended: 'complete' })
  })

  test('that the upstream stops taking is timed out, one that the client holds back is not', async () => {
    const node = await serveRaw((socket) => void socket.pause())
    const timeout = { connect: 1, send: 0.1, read: 5 }
    const gw = await gateway({ nodes: nodesAt(node), timeout })
    const body = 'x'.repeat(16 * MIB)
    expect((await rawRequest({ port: gw.port, method: 'POST', body })).status).toBe(504)

    gw.use({ nodes: nodesAt(await echo()), timeout: { connect: 1, send: 1, read: 1 } })
    const headers = { Host: 'a', 'Content-Length': '6', Connection: 'close' }
    const exchange = new RawExchange({ port: gw.port, method: 'POST', headers })
    const from = performance.now()
    await until(() => performance.now() - from > 1200)
    exchange.write('sixsix')
    expect((await exchange.done).status).toBe(200)
  })
})

describe('an answer’s body', () => {
  test('flows as it comes', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<ServerResponse>()
    const gw = await gateway({ nodes: nodesAt(await serve((_, response) => ask(response))) })
    const exchange = new RawExchange({ port: gw.port })
    const response = await asked
    for (const word of ['one', 'two', 'three']) {
      response.write(word)
      await until(() => exchange.text.endsWith(word))
    }
    response.end()
    expect(await exchange.done).toMatchObject({ text: 'onetwothree', ended: 'complete' })
  })

  test('is held back at the upstream while the client does not read', async () => {
    let taken = 0
    const node = await serve((_, response) => {
      const chunk = Buffer.alloc(MIB, 'y')
      let left = muchBytes
      const write = (): void => {
        while (left > 0) {
          left -= chunk.length
          if (!response.write(chunk, () => (taken += chunk.length))) {
            response.once('drain', write)
            return
          }
        }
        response.end()
      }
      write()
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    const exchange = new RawExchange({ port: gw.port })
    await until(() => exchange.head)
    exchange.pause()
    await settled(() => taken)
    expect(taken).toBeLessThan(muchBytes / 2)
    exchange.resume()
    const { body, ended } = await exchange.done
    expect([body.length, ended]).toEqual([muchBytes, 'complete'])
  })

  test('waits for whoever takes it, and then is whole', async () => {
    const node = await serve((_, response) => void response.end('z'.repeat(MIB)))
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const gw = await gateway({ nodes: nodesAt(node) }, { beforeAnswer: () => released })
    const done = rawRequest({ port: gw.port })
    await until(() => gw.records[0]?.attempts[0]?.status)
    await settled(() => gw.records[0]?.attempts[0]?.responseMs ?? 0)
    // Held back at 64 KiB, the answer is not over.
    expect(gw.records[0]?.attempts[0]?.responseMs).toBeUndefined()
    release()
    const { body, ended } = await done
    expect([body.length, ended]).toEqual([MIB, 'complete'])
  })

  test.each([
    ['in its head', 'HTTP/1.1 200 OK\r\nContent-', 502, ''],
    ['before its body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 200, ''],
    ['in its body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', 200, 'half'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf', 200, 'half'],
    ['between chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 200, 'half'],
  ])('that breaks off %s is not made whole', async (_, bytes, status, body) => {
    for (const isReset of [false, true]) {
      let reset: (() => void) | undefined
      const node = await serveRaw((socket) => {
        socket.once('data', () => {
          if (!isReset) socket.end(bytes)
          else socket.write(bytes, () => (reset = () => socket.resetAndDestroy()))
        })
      })
      const gw = await gateway({ nodes: nodesAt(node) })
      const exchange = new RawExchange({ port: gw.port })
      if (isReset) {
        // A reset overtakes what has not been read yet.
        await until(() => reset && (status === 502 || (exchange.head && exchange.text === body)))
        reset?.()
      }
      const response = await exchange.done
      expect([response.status, status === 200 ? response.text : '']).toEqual([status, body])
      expect(response.ended).toBe(status === 200 ? 'cut' : 'complete')
      expect(gw.errors.map(({ code }) => code)).toEqual(['upstream_broken'])
      expect(gw.records[0]?.attempts).toMatchObject([{ status }])
    }
  })

  test('that stands still is broken off after its time', async () => {
    const node = await serve((_, response) => void response.write('half'))
    const gw = await gateway({ nodes: nodesAt(node), timeout: { connect: 1, send: 1, read: 0.5 } })
    expect(await rawRequest({ port: gw.port })).toMatchObject({ status: 200, text: 'half', ended: 'cut' })
    expect(gw.errors[0]?.code).toBe('upstream_timeout')
  })

  test('ends at the upstream when the client leaves', async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    const node = await serve((_, response) => {
      response.write('begun')
      response.on('close', close)
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    const exchange = new RawExchange({ port: gw.port })
    await until(() => exchange.text === 'begun')
    exchange.leave()
    await closed
    await until(() => gw.records[0]?.attempts[0]?.responseMs)
  })
})

describe('connections', () => {
  test('are kept, for as many requests as configured', async () => {
    const ports = new Set<number | undefined>()
    const node = await serve((request, response) => {
      ports.add(request.socket.remotePort)
      request.resume()
      response.end('ok')
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    for (let i = 0; i < 4; i++) {
      expect((await rawRequest({ port: gw.port, method: 'POST', body: 'x' })).text).toBe('ok')
    }
    expect(ports.size).toBe(1)
    gw.use({ nodes: nodesAt(node), keepalive_pool: { size: 1, idle_timeout: 60, requests: 2 } })
    for (let i = 0; i < 4; i++) await rawRequest({ port: gw.port })
    expect(ports.size).toBe(3)
    gw.use({ nodes: nodesAt(node), keepalive_pool: { size: 1, idle_timeout: 0, requests: 9 } })
    for (let i = 0; i < 3; i++) await rawRequest({ port: gw.port })
    expect(ports.size).toBe(6)
  })
})

function* megabytes(count: number): Generator<Buffer> {
  const chunk = Buffer.alloc(MIB, 'x')
  for (let i = 0; i < count; i++) yield chunk
}

/** Waits until a value has not moved for a while. */
async function settled(read: () => number): Promise<void> {
  let last = read()
  let since = performance.now()
  await until(() => {
    const value = read()
    if (value !== last) since = performance.now()
    last = value
    return performance.now() - since > 200
  })
}
