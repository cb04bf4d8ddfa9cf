// Clients that send nonsense, too much, or too slowly: a clear answer, nothing stored, nothing crashed.
import { connect } from 'node:net'
import { RawExchange, rawRequest, until } from '@weir/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { adminKey, startTestPlane, type TestPlane } from '../testing/test-plane.ts'

const route = { uri: '/a', upstream: { nodes: { '127.0.0.1:1980': 1 } } }

describe('bad clients', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane({
      limits: {
        headerBytesMax: 8_192,
        headersTimeoutMs: 300,
        requestTimeoutMs: 600,
        checkIntervalMs: 50,
        bodyBytesMax: 10_000,
      },
    })
  })
  afterAll(() => plane.close())

  afterEach(async () => {
    // Whatever happened, the next client is served and nothing was stored.
    const { text } = await plane.get('/routes')
    if (text !== '{"total":0,"list":[]}\n') throw new Error(`something was stored: ${text}`)
  })

  it.each([
    ['half an object', '{"uri":"/x",'],
    ['no JSON at all', 'uri=/x'],
    ['two values', '{}{}'],
    ['blanks', '   '],
    ['half a surrogate pair', '{"uri":"/\\ud800"}'],
    ['a number beyond all bounds', '{"uri":"/a","priority":1e999}'],
    ['nesting without end', '['.repeat(5_000) + ']'.repeat(5_000)],
  ])('%s is refused with what was sent', async (_what, body) => {
    const refused = await plane.put('/routes/1', body)
    expect(refused.status).toBe(400)
    expect(refused.header('x-api-version')).toBeUndefined()
    expect(refused.json).toEqual({
      error_msg: expect.stringMatching(/^invalid request body: ./),
      req_body: body,
    })
  })

  it('bytes that are not UTF-8 are refused', async () => {
    const refused = await rawRequest({
      port: plane.port,
      method: 'PUT',
      path: '/apisix/admin/routes/1',
      headers: { 'X-API-KEY': adminKey },
      body: Buffer.from([0x22, 0xff, 0x22]),
    })
    expect(refused.status).toBe(400)
  })

  it.each([
    ['a text', '"str"', 'invalid configuration: wrong type: expected object, got string'],
    ['a number', '1', 'invalid configuration: wrong type: expected object, got number'],
    ['null', 'null', 'invalid configuration: wrong type: expected object, got userdata'],
    ['an array', '[1]', 'invalid configuration: wrong type: expected object, got table'],
  ])('%s is no document', async (_what, body, message) => {
    const refused = await plane.put('/routes/1', body)
    expect([refused.status, refused.json]).toEqual([400, { error_msg: message }])
  })

  it('an announced body that is too large is refused before it is sent', async () => {
    const exchange = new RawExchange({
      port: plane.port,
      method: 'PUT',
      path: '/apisix/admin/routes/1',
      headers: { 'X-API-KEY': adminKey, 'Content-Length': '10001' },
    })
    const refused = await exchange.done
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.text)).toEqual({
      error_msg: 'invalid request body: request size 10001 is greater than the maximum size 10000 allowed',
    })
  })

  it('a body without a length is refused as soon as it is too large', async () => {
    const exchange = new RawExchange({
      port: plane.port,
      method: 'PUT',
      path: '/apisix/admin/routes/1',
      headers: { 'X-API-KEY': adminKey, 'Transfer-Encoding': 'chunked' },
    })
    const chunk = `1000\r\n${'x'.repeat(4_096)}\r\n`
    for (let i = 0; i < 3; i += 1) exchange.write(chunk)
    const refused = await exchange.done
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('is greater than the maximum size 10000 allowed')
  })

  it('a body of just the largest size is read', async () => {
    const start = JSON.stringify({ ...route, pad: '' })
    const body = start.replace('"pad":""', `"pad":"${'x'.repeat(10_000 - start.length)}"`)
    const refused = await plane.put('/routes/1', body)
    expect(refused.json).toEqual({
      error_msg: 'invalid configuration: additional properties forbidden, found pad',
    })
  })

  it('headers that are too large are answered 431', async () => {
    const refused = await plane.call({ path: '/routes', headers: { 'X-Pad': 'x'.repeat(9_000) } })
    expect([refused.status, refused.header('content-type')]).toEqual([431, 'text/html; charset=utf-8'])
  })

  it.each([
    ['a method that does not exist', 'FOO /apisix/admin/routes HTTP/1.1\r\nHost: x\r\n\r\n', 404],
    ['no HTTP', 'hello\r\n\r\n', 404],
    ['a header that is none', 'GET / HTTP/1.1\r\nHost x\r\n\r\n', 400],
    [
      'a host that is none',
      'GET /apisix/admin/routes HTTP/1.1\r\nHost: ...\r\nConnection: close\r\n\r\n',
      401,
    ],
    [
      'a host with a space',
      'GET /apisix/admin/routes HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['no host', 'GET /apisix/admin/routes HTTP/1.1\r\n\r\n', 400],
  ])('%s is answered', async (_what, bytes, status) => {
    expect(await talk(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  it('paths that cannot be decoded are answered 400', async () => {
    expect((await plane.get('/routes/%E0%A4%A')).status).toBe(400)
    expect((await plane.get('/../%61dmin/routes/1')).status).toBe(404)
    expect((await plane.get('/../../other/routes/1')).status).toBe(404)
  })

  it('an encoded slash is a slash', async () => {
    const refused = await plane.delete('/consumers/jack%2Fcredentials%2Fc1')
    expect(refused.status).toBe(404)
    expect((await plane.put('/routes/a%2Fb', route)).json).toMatchObject({ key: '/apisix/routes/a' })
    await plane.delete('/routes/a')
  })

  it('a head that comes drop by drop is given up', async () => {
    const socket = connect(plane.port, '127.0.0.1')
    const received: string[] = []
    socket.on('data', (bytes) => received.push(bytes.toString()))
    socket.on('error', () => {})
    socket.write('GET /apisix/admin/routes HTTP/1.1\r\nHost: x\r\n')
    const drip = setInterval(() => socket.write('a: b\r\n'), 20)
    await until(() => socket.destroyed || socket.readableEnded)
    clearInterval(drip)
    expect(received.join('')).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('a body that never ends is given up', async () => {
    const exchange = new RawExchange({
      port: plane.port,
      method: 'PUT',
      path: '/apisix/admin/routes/1',
      headers: { 'X-API-KEY': adminKey, 'Content-Length': '100' },
      body: '{"uri":',
      timeoutMs: 10_000,
    })
    const refused = await exchange.done
    expect(refused.status).toBe(408)
  })

  it('a client that leaves in the middle of its body changes nothing', async () => {
    const exchange = new RawExchange({
      port: plane.port,
      method: 'PUT',
      path: '/apisix/admin/routes/1',
      headers: { 'X-API-KEY': adminKey, 'Content-Length': '100' },
      body: JSON.stringify(route).slice(0, 20),
    })
    exchange.leave({ reset: true })
    await exchange.done
    expect((await plane.get('/routes/1')).status).toBe(404)
  })

  /** Sends bytes on a connection of their own and answers with what came back until it was closed. */
  function talk(bytes: string): Promise<string> {
    return new Promise((resolve) => {
      const received: Buffer[] = []
      const socket = connect(plane.port, '127.0.0.1', () => socket.write(bytes))
      socket.on('data', (data: Buffer) => received.push(data))
      socket.on('error', () => {})
      socket.on('close', () => resolve(Buffer.concat(received).toString()))
      socket.setTimeout(5_000, () => socket.destroy())
    })
  }
})
