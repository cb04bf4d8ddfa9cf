import { connect } from 'node:net'
import { parseAddressSet } from '@weir/contract'
import { rawRequest } from '@weir/testkit'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { answerHeaders } from './answer-headers.ts'
import {
  cleanUp,
  echo,
  gateway,
  headerPairs,
  nodesAt,
  parseSeen,
  serve,
  serveRaw,
} from './gateway.testing.ts'
import { toOriginForm } from './origin-form.ts'

afterEach(cleanUp)

type Pairs = readonly (readonly [string, string])[]

/** What the node saw of a request with these headers, Connection left out, which is undici's own. */
async function seenBy(headers: Pairs, options: Parameters<typeof gateway>[1] = {}): Promise<Pairs> {
  const gw = await gateway({ nodes: nodesAt(await echo()) }, options)
  const response = await rawRequest({ port: gw.port, headers })
  expect(response.status).toBe(200)
  return headerPairs(parseSeen(response.text)).filter(([name]) => name !== 'connection')
}

const named = (pairs: Pairs) => Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]))

describe('the request', () => {
  test('arrives as a recorded one did at the upstream of APISIX', async () => {
    // recorded/data-plane.jsonl, route.plain_upstream; ports are this test's.
    const gw = await gateway({ nodes: nodesAt(await echo()) })
    const body = '{"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}]}'
    const response = await rawRequest({
      port: gw.port,
      path: '/dp/plain/v1/chat/completions',
      headers: { Host: '127.0.0.1:9080', 'Content-Type': 'application/json' },
      body,
    })
    const seen = parseSeen(response.text)
    expect(seen).toMatchObject({ method: 'POST', url: '/dp/plain/v1/chat/completions', body })
    // In no particular order, and names in no particular case.
    expect(named(headerPairs(seen))).toEqual({
      host: '127.0.0.1:9080',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'content-length': '67',
      'content-type': 'application/json',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': '127.0.0.1:9080',
      'x-forwarded-port': '9080',
      connection: 'keep-alive',
    })
  })

  test('keeps its headers in their spelling, repeated ones joined', async () => {
    const pairs = await seenBy([
      ['Host', 'a.test'],
      ['ACCEPT', 'x/y'],
      ['x-TWICE', '1'],
      ['Cookie', 'a=1'],
      ['X-Twice', '2'],
      ['cookie', 'b=2'],
      ['Last', 'end'],
    ])
    expect(pairs.filter(([name]) => !/^(?:host|x-real|x-forwarded)/i.test(name))).toEqual([
      ['ACCEPT', 'x/y'],
      ['x-TWICE', '1, 2'],
      ['Cookie', 'a=1; b=2'],
      ['Last', 'end'],
    ])
  })

  test('loses the headers of its connection, and those that it says are', async () => {
    const pairs = await seenBy([
      ['Host', 'a.test'],
      ['Connection', 'close, X-Private,  keep-alive'],
      ['X-Private', 'secret'],
      ['Keep-Alive', 'timeout=5'],
      ['Proxy-Connection', 'keep-alive'],
      ['TE', 'trailers'],
      ['Upgrade', 'h2c'],
      ['HTTP2-Settings', 'AAAA'],
      ['Expect', '100-continue'],
      ['X-Public', 'kept'],
    ])
    expect(Object.keys(named(pairs))).toEqual([
      'host',
      'x-real-ip',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'x-forwarded-port',
      'x-public',
    ])
  })

  test('carries what plugins set, which the client cannot have removed', async () => {
    const pairs = await seenBy(
      [
        ['Host', 'a.test'],
        ['Connection', 'close, X-Consumer-Username, X-Forwarded-For'],
        ['X-Consumer-Username', 'mallory'],
        ['X-Gone', '1'],
        ['X-Forwarded-Proto', 'gopher'],
      ],
      {
        plugin: ({ request }) => {
          request.headers['x-consumer-username'] = 'alice'
          request.headers['x-gone'] = undefined
          request.headers['x-added'] = ['1', '2']
          request.headers['x-forwarded-proto'] = 'https'
        },
      },
    )
    expect(named(pairs)).toMatchObject({
      'x-consumer-username': 'alice',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
    })
    expect(pairs.filter(([name]) => name === 'x-added')).toHaveLength(2)
    expect(named(pairs)).not.toHaveProperty('x-gone')
  })

  const forged: Pairs = [
    ['Host', 'a.test'],
    ['X-Real-IP', '6.6.6.6'],
    ['X-Forwarded-For', '10.0.0.9'],
    ['X-Forwarded-For', '10.0.0.8'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'stated.test'],
    ['X-Forwarded-Port', '444'],
    ['Forwarded', 'for=6.6.6.6'],
  ]

  test('says of its client what we know, after what the client said of others', async () => {
    const pairs = await seenBy(forged)
    expect(named(pairs)).toMatchObject({
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '10.0.0.9, 10.0.0.8, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'a.test',
    })
    expect(named(pairs)['x-forwarded-port']).not.toBe('444')
    expect(named(pairs)).not.toHaveProperty('forwarded')
  })

  test.each([
    ['127.0.0.0/8', '10.0.0.9, 10.0.0.8, 127.0.0.1', 'stated.test', '444', 'for=6.6.6.6'],
    ['10.0.0.0/8', '127.0.0.1', 'a.test', undefined, undefined],
  ])('with trusted addresses %s', async (network, chain, host, port, forwarded) => {
    const parsed = parseAddressSet([network])
    const pairs = named(await seenBy(forged, { trusted: parsed.ok ? parsed.value : undefined }))
    expect(pairs).toMatchObject({ 'x-forwarded-for': chain, 'x-forwarded-host': host })
    if (port !== undefined) expect(pairs['x-forwarded-port']).toBe(port)
    expect(pairs['forwarded']).toBe(forwarded)
  })

  test('without Host has the node’s', async () => {
    const node = await echo()
    const gw = await gateway({ nodes: nodesAt(node) })
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect(gw.port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'))
      socket.on('data', (bytes) => (text += bytes.toString())).on('end', () => resolve(text))
    })
    expect(answer).toContain(`"127.0.0.1:${node}"`)
  })

  test.each([
    ['pass', 'client.test:81', {}],
    ['node', 'node.test:PORT', {}],
    ['rewrite', 'given.test', { upstream_host: 'given.test' }],
  ])('with pass_host %s has host %s', async (pass_host, host, more) => {
    const node = await echo()
    const gw = await gateway(
      { nodes: { [`node.test:${node}`]: 1 }, pass_host, ...more },
      { names: { 'node.test': ['127.0.0.1'] } },
    )
    const { text } = await rawRequest({ port: gw.port, headers: { Host: 'client.test:81' } })
    const expected = host.replace('PORT', String(node))
    expect(named(headerPairs(parseSeen(text)))['host']).toBe(expected)
    expect(gw.records[0]).toMatchObject({ host: expected, node: '127.0.0.1', scheme: 'http', uri: '/' })
  })

  test('keeps its target as it was sent, byte for byte', async () => {
    const gw = await gateway({ nodes: nodesAt(await echo()) })
    const path = '/a%2Fb//../%e4;p?x=1&&y=%20|'
    expect(parseSeen((await rawRequest({ port: gw.port, path })).text).url).toBe(path)
  })

  test.each([
    ['/p?q', '/p?q'],
    ['http://other.test:80/p?q', '/p?q'],
    ['HTTPS://other.test?q', '/?q'],
    ['http://other.test', '/'],
    ['*', '/'],
  ])('with target %s asks for %s', (target, path) => {
    expect(toOriginForm(target)).toBe(path)
  })
})

describe('the answer', () => {
  test('arrives as it is, but for the headers of the connection and the server’s name', async () => {
    const headers = [
      ['X-Two', '1'],
      ['x-two', '2'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Connection', 'close, X-Hop'],
      ['X-Hop', '1'],
      ['Server', 'other'],
      ['Date', 'Tue'],
      ['Content-Length', '2'],
    ]
    const node = await serve((_, response) => {
      response.writeHead(299, 'Odd', headers.flat())
      response.end('ok')
    })
    const gw = await gateway({ nodes: nodesAt(node) })
    const response = await rawRequest({ port: gw.port })
    expect(response).toMatchObject({ status: 299, text: 'ok', ended: 'complete' })
    const kept = headers.filter(([name = '']) => !['Connection', 'X-Hop', 'Server'].includes(name))
    expect(response.rawHeaders.filter(([name]) => !/^(?:connection|keep-alive)$/i.test(name))).toEqual(kept)
  })

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 200, '9'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204, undefined],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', 304, '9'],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 200, '0'],
    [
      'GET',
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      200,
      '0',
    ],
  ])('to %s may have no body: %s', async (method, bytes, status, length) => {
    const node = await serveRaw((socket) => void socket.on('data', () => socket.write(bytes)))
    const gw = await gateway({ nodes: nodesAt(node) })
    const response = await rawRequest({ port: gw.port, method })
    expect([response.status, response.header('content-length'), response.text, response.ended]).toEqual([
      status,
      length,
      '',
      'complete',
    ])
  })

  test('loses its trailers', async () => {
    const node = await serveRaw(
      (socket) =>
        void socket.on('data', () =>
          socket.write(
            'HTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
          ),
        ),
    )
    const gw = await gateway({ nodes: nodesAt(node) })
    const response = await rawRequest({ port: gw.port })
    expect(response).toMatchObject({ text: 'ok', ended: 'complete' })
    expect(response.header('trailer')).toBeUndefined()
  })

  test('keeps whatever is not of the connection, in its order', () => {
    const name = fc.stringMatching(/^X-[A-Za-z]{1,8}$/)
    const list = fc.array(fc.tuple(name, fc.string({ unit: 'grapheme-ascii' })))
    fc.assert(
      fc.property(list, fc.array(name, { maxLength: 2 }), (pairs, hop) => {
        const gone = new Set(hop.map((one) => one.toLowerCase()))
        const received = [...pairs.flat(), 'Connection', hop.join(', '), 'transfer-encoding', 'chunked']
        expect(answerHeaders(received)).toEqual(pairs.filter(([one]) => !gone.has(one.toLowerCase())).flat())
      }),
    )
  })
})
