import { connect } from 'node:net'
import { RawExchange, rawRequest, until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import type { IncomingRequest } from '../pipeline/index.ts'
import { ProxyServer, type ServerLimits } from './proxy-server.ts'
import type { ServedReply } from './served-reply.ts'

const servers: ProxyServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.cut()
})

const limits: ServerLimits = {
  headerBytesMax: 8192,
  headersMax: 20,
  bodyBytesMax: 1000,
  connectionsMax: 100,
  headTimeoutMs: 60_000,
  keepAliveMs: 60_000,
  timeouts: { bodyMs: 60_000, sendMs: 60_000 },
}

async function serve(
  handle: (request: IncomingRequest, reply: ServedReply) => void,
  options: { limits?: Partial<ServerLimits> } = {},
) {
  const over: number[] = []
  const server = new ProxyServer({
    limits: { ...limits, ...options.limits },
    normalize: (path) => (path === '/bad' ? undefined : path),
    handle,
    over: (reply) => void over.push(reply.statusCode),
    serverHeader: 'APISIX',
  })
  servers.push(server)
  const [address] = await server.listen([{ ip: '127.0.0.1', port: 0 }], false)
  return { server, port: address?.port ?? 0, over }
}

/** Answers when the whole body is there. */
function echo(request: IncomingRequest, reply: ServedReply): void {
  void Promise.resolve(request.readBody(1_000_000)).then(
    (body) => reply.end(String(body)),
    () => reply.destroy(),
  )
}

describe('requests that cannot be read', () => {
  test.each([
    ['no HTTP', 'nonsense\r\n\r\n', 400],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(9000)}\r\n\r\n`, 431],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 21 }, (_, i) => `A${i}: 1\r\n`).join('')}\r\n`,
      431,
    ],
    ['a malformed path', 'GET /bad HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a body that is too large', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n', 413],
  ])('%s', async (_what, bytes, status) => {
    const { port } = await serve(() => expect.unreachable())
    const text = await sendRaw(port, bytes)
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(text.toLowerCase()).toContain('connection: close')
  })
})

test('a chunked body that is too large is found so while it is read', async () => {
  const sizes: unknown[] = []
  const { port } = await serve((request, reply) => {
    void Promise.resolve(request.readBody(1_000_000))
      .then((body) => sizes.push(typeof body === 'number' ? body : body.length))
      .catch((error: unknown) => sizes.push(String(error)))
      .finally(() => reply.end('ok'))
  })
  const headers = { 'Transfer-Encoding': 'chunked' }
  for (const size of [1000, 1001]) {
    const body = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`
    expect((await rawRequest({ port, method: 'POST', headers, body })).status).toBe(200)
  }
  expect(sizes).toEqual([1000, expect.stringContaining('the body is larger than 1000 bytes')])
})

function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
    socket.write(bytes)
  })
}

test('a target with a host is the path at that host', async () => {
  const { port } = await serve((request, reply) => reply.end(`${request.host} ${request.target}`))
  const answer = await rawRequest({ port, path: 'http://Other:81/a?b', headers: { Host: 'x' } })
  expect(answer.text).toBe('other /a?b')
})

describe('slow clients', () => {
  test('with their head are told so', async () => {
    const { port } = await serve(echo, { limits: { headTimeoutMs: 100 } })
    expect(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1.1 408 /)
  })

  test('with their body are told so', async () => {
    const { port, over } = await serve(echo, { limits: { timeouts: { bodyMs: 150, sendMs: 50 } } })
    const text = await sendRaw(port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
    expect(text).toMatch(/^HTTP\/1.1 408 /)
    await until(() => over.length === 1)
  })

  test('that keep sending are waited for', async () => {
    const { port } = await serve(echo, { limits: { timeouts: { bodyMs: 1000, sendMs: 1000 } } })
    const exchange = new RawExchange({ port, method: 'POST', headers: { 'Content-Length': '8' } })
    // In all longer than the limit, no single pause nearly as long.
    for (let i = 0; i < 8; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 150))
      exchange.write('x')
    }
    expect((await exchange.done).text).toBe('xxxxxxxx')
  })

  test('that do not read their answer are cut', async () => {
    const chunk = Buffer.alloc(1_000_000)
    const { port, over } = await serve(
      (_request, reply) => {
        const fill = () => {
          while (!reply.destroyed && reply.write(chunk)) {
            // Until the connection takes no more.
          }
        }
        reply.on('drain', fill)
        fill()
      },
      { limits: { timeouts: { bodyMs: 60_000, sendMs: 100 } } },
    )
    const exchange = new RawExchange({ port })
    exchange.pause()
    await until(() => over.length === 1)
    exchange.leave()
  })

  test('may wait as long as the upstream takes', async () => {
    const { port } = await serve((_request, reply) => setTimeout(() => reply.end('late'), 400), {
      limits: { timeouts: { bodyMs: 50, sendMs: 50 } },
    })
    expect((await rawRequest({ port })).text).toBe('late')
  })
})

describe('the end', () => {
  test('waits for what is under way and takes nothing new', async () => {
    let finish: (() => void) | undefined
    const { server, port } = await serve((_request, reply) => (finish = () => reply.end('done')))
    const exchange = new RawExchange({ port })
    await until(() => finish !== undefined)
    const drained = server.drain(10_000)
    expect((await rawRequest({ port })).error).toBe('ECONNREFUSED')
    finish?.()
    expect((await exchange.done).text).toBe('done')
    expect(await drained).toBe(0)
  })

  test('cuts what takes longer than allowed', async () => {
    const { server, port, over } = await serve((_request, reply) => void reply.write('begun'))
    const exchange = new RawExchange({ port })
    await until(() => exchange.text === 'begun')
    expect(await server.drain(50)).toBe(1)
    expect((await exchange.done).ended).toBe('cut')
    expect(over).toHaveLength(1)
    expect(server.active).toBe(0)
  })

  test('is immediate without requests, whatever connections idle', async () => {
    const { server, port } = await serve((_request, reply) => reply.end('ok'))
    const exchange = new RawExchange({ port, headers: { Connection: 'keep-alive' } })
    await exchange.done
    expect(await server.drain(60_000)).toBe(0)
  })
})

test('an address that is taken is an error, and nothing stays open', async () => {
  const { port } = await serve(echo)
  const other = new ProxyServer({
    limits,
    normalize: (path) => path,
    handle: echo,
    over: () => {},
    serverHeader: 'APISIX',
  })
  await expect(
    other.listen(
      [
        { ip: '127.0.0.1', port: 0 },
        { ip: '127.0.0.1', port },
      ],
      false,
    ),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
