import { Readable } from 'node:stream'
import { freePort, until } from '@weir/testkit'
import { describe, expect, test } from 'vitest'
import { answering, get, ok, options, origins, rawServer, send } from './exchange.testing.ts'
import type { Exchange } from './index.ts'

describe('an answer', () => {
  test('is told as head, data and end, its headers as they came', async () => {
    const server = await answering(ok)
    const answer = await send(origins(), options(server.origin)).done
    expect(answer).toMatchObject({ status: 200, text: 'hi', calls: ['head', 'data', 'end'] })
    expect(answer.headers).toEqual(['X-One', '1', 'x-one', '2', 'Content-Length', '2'])
  })

  test('may be preceded by interim ones, which are not told', async () => {
    const server = await answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`)
    expect((await send(origins(), options(server.origin)).done).calls).toEqual(['head', 'data', 'end'])
  })

  test('may come before the request has been taken, and its exchange knows', async () => {
    const body = Buffer.alloc(16 * 1024 * 1024, 'x')
    const reads = await rawServer((socket) => {
      let bytes = 0
      socket.on('data', (chunk) => {
        bytes += chunk.length
        if (bytes > body.length) socket.write(ok)
      })
    })
    const using = origins()
    const taken = send(using, options(reads.origin), { method: 'POST', body })
    expect(taken.exchange?.hasSent).toBe(false)
    await taken.done
    expect(taken.exchange?.hasSent).toBe(true)
    const hurries = await rawServer((socket) => {
      socket.pause()
      socket.write(ok)
    })
    const early = await send(using, options(hurries.origin), { method: 'POST', body }).done
    expect(early.exchange?.hasSent).toBe(false)
  })

  test('waits while its exchange is paused', async () => {
    const total = 4 * 1024 * 1024
    const server = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
        socket.write(Buffer.alloc(total, 'x'))
      })
    })
    let bytes = 0
    let exchange: Exchange | undefined
    const ended = Promise.withResolvers<void>()
    exchange = origins()
      .open(options(server.origin))
      .send(get, {
        onHead: () => undefined,
        onData: (chunk) => {
          bytes += chunk.length
          exchange?.pause()
        },
        onEnd: () => ended.resolve(),
        onFail: (error) => ended.reject(error),
      })
    await until(() => bytes > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(bytes).toBeLessThan(256 * 1024)
    const pump = setInterval(() => exchange?.resume(), 1)
    await ended.promise
    clearInterval(pump)
    expect(bytes).toBe(total)
  })
})

test('an answer may be resumed from within the callback of another', async () => {
  const server = await answering(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`)
  const using = origins()
  const held = send(using, options(server.origin))
  held.exchange?.pause()
  await until(() => held.status === 200)
  let ended = 0
  using.open(options(server.origin)).send(get, {
    onHead: () => undefined,
    onData: () => held.exchange?.resume(),
    onEnd: () => ended++,
    onFail: (error) => {
      throw error
    },
  })
  await held.done
  await until(() => ended === 1)
  expect(held.text.length).toBe(200_000)
})

describe('the request', () => {
  test('is sent as given, with the framing of its body', async () => {
    let seen = ''
    const server = await rawServer((socket, received) => {
      socket.on('data', () => {
        if (!received().endsWith('{}') && !received().endsWith('0\r\n\r\n')) return
        seen = received()
        socket.end(ok)
      })
    })
    const using = origins()
    await send(using, options(server.origin), {
      method: 'POST',
      path: '/a?b=c',
      headers: ['Host', 'example.test', 'X-Mixed-Case', 'yes'],
      body: '{}',
    }).done
    expect(seen).toBe(
      'POST /a?b=c HTTP/1.1\r\nhost: example.test\r\nconnection: keep-alive\r\nX-Mixed-Case: yes\r\n' +
        'content-length: 2\r\n\r\n{}',
    )
    await send(using, options(server.origin), { method: 'POST', body: Readable.from([Buffer.from('abc')]) })
      .done
    expect(seen).toMatch(/transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/)
  })

  test('that cannot be sent fails after send returned, and nothing was sent', async () => {
    const server = await answering(ok)
    const recorder = send(origins(), options(server.origin), { headers: ['Expect', '100-continue'] })
    expect(recorder.calls).toEqual([])
    expect((await recorder.done).error).toMatchObject({ failure: 'protocol', sent: false })
  })

  test('whose body breaks is given up', async () => {
    const server = await rawServer(() => undefined)
    const body = new Readable({ read: () => undefined })
    body.push('abc')
    const recorder = send(origins(), options(server.origin), { method: 'POST', body })
    await until(() => server.sockets.size === 1)
    body.destroy(new Error('client gone'))
    expect((await recorder.done).error).toMatchObject({ sent: true })
    await until(() => server.sockets.size === 0)
  })
})

describe('deadlines', () => {
  test('do not run while the body is slow to come from our side, nor while the exchange is paused', async () => {
    const server = await rawServer((socket, received) => {
      socket.on('data', () => {
        if (received().endsWith('0\r\n\r\n')) socket.write(ok)
      })
    })
    const body = new Readable({ read: () => undefined })
    const timeouts = { headersMs: 600, idleMs: 600 }
    const recorder = send(origins(), options(server.origin), { method: 'POST', body, timeouts })
    recorder.exchange?.pause()
    await new Promise((resolve) => setTimeout(resolve, 800))
    body.push('abc')
    body.push(null)
    await until(() => recorder.status === 200)
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(recorder.calls).toEqual(['head'])
    recorder.exchange?.resume()
    expect((await recorder.done).text).toBe('hi')
  })

  test('run when the upstream takes no more of the body', async () => {
    const server = await rawServer((socket) => socket.pause())
    const body = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536)
      })(),
    )
    const timeouts = { headersMs: 40, idleMs: 0 }
    const { error } = await send(origins(), options(server.origin), { method: 'POST', body, timeouts }).done
    expect(error).toMatchObject({ failure: 'headers_timeout', sent: true })
    await until(() => body.destroyed)
  })
})

describe('failures are told apart', () => {
  test('connection refused', async () => {
    const port = await freePort()
    const { error } = await send(origins(), options(`http://127.0.0.1:${port}`)).done
    expect(error).toMatchObject({ failure: 'connect', sent: false })
    expect(error?.message).toBe(`127.0.0.1:${port}: could not connect (ECONNREFUSED)`)
  })

  test('a name that does not resolve', async () => {
    const missing = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    const using = origins({ lookup: (_name, _options, done) => done(missing, '') })
    const { error } = await send(using, options('http://nowhere.test')).done
    expect(error).toMatchObject({ failure: 'dns', sent: false })
  })

  test('connecting takes too long', async () => {
    const using = origins({ lookup: () => undefined })
    const { error } = await send(using, options('http://slow.test', { connectTimeoutMs: 20 })).done
    expect(error).toMatchObject({ failure: 'connect_timeout', sent: false })
  })

  test('no TLS on the other side', async () => {
    const server = await rawServer((socket) => socket.end('no TLS here\r\n'))
    const { error } = await send(origins(), options(`https://127.0.0.1:${server.port}`)).done
    expect(error).toMatchObject({ failure: 'tls', sent: false })
  })

  test('no head in time', async () => {
    const server = await rawServer(() => undefined)
    const timeouts = { headersMs: 30, idleMs: 0 }
    const { error } = await send(origins(), options(server.origin), { timeouts }).done
    expect(error).toMatchObject({ failure: 'headers_timeout', sent: true })
  })

  test.each([
    ['a body that stalls', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', false, 'body_timeout'],
    ['a length not reached', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', true, 'reset'],
    ['a cut chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc', true, 'reset'],
    [
      'a cut chunked body of a closing connection',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
      true,
      'reset',
    ],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz', false, 'protocol'],
  ])('%s', async (_, bytes, ends, failure) => {
    const server = await rawServer((socket) => {
      socket.once('data', () => (ends ? socket.end(bytes) : socket.write(bytes)))
    })
    const timeouts = { headersMs: 5000, idleMs: 1000 }
    const answer = await send(origins(), options(server.origin), { timeouts }).done
    expect(answer.error).toMatchObject({ failure, sent: true })
    expect(answer.calls.at(0)).toBe('head')
    expect(answer.text).toBe('abc')
  })

  test.each([
    ['closed without an answer', '', 'reset'],
    ['half a head', 'HTTP/1.1 200 OK\r\nX-', 'reset'],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 'protocol'],
    ['a head without end', `HTTP/1.1 200 OK\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(100)}`, 'protocol'],
    ['an unasked switch', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 'protocol'],
  ])('%s', async (_, bytes, failure) => {
    const server = await rawServer((socket) => socket.once('data', () => socket.end(bytes)))
    const answer = await send(origins(), options(server.origin)).done
    expect(answer.error).toMatchObject({ failure, sent: true })
    expect(answer.calls).toEqual(['fail'])
  })

  test('a reset connection', async () => {
    const server = await rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect((await send(origins(), options(server.origin)).done).error).toMatchObject({
      failure: 'reset',
      sent: true,
    })
  })

  test('messages name host and port, not what was sent or received', async () => {
    const server = await answering('HTTP/1.1 sk-secret\r\n\r\n')
    const { error } = await send(origins(), options(server.origin), {
      path: '/?key=sk-secret',
      headers: ['Authorization', 'sk-secret'],
    }).done
    expect(error?.message).toContain(`127.0.0.1:${server.port}`)
    expect(error?.message).not.toContain('sk-secret')
  })
})

describe('abort', () => {
  test('closes the connection in the middle of an answer, and nothing more is told', async () => {
    const server = await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')
    const recorder = send(origins(), options(server.origin))
    await until(() => recorder.text === 'abc')
    recorder.exchange?.abort()
    await until(() => server.sockets.size === 0)
    expect(recorder.calls).toEqual(['head', 'data'])
  })

  test('works before there is a connection, and from within a callback', async () => {
    const server = await answering(ok)
    const early = send(origins(), options(server.origin))
    early.exchange?.abort()
    const calls: string[] = []
    const exchange = origins()
      .open(options(server.origin))
      .send(get, {
        onHead: () => {
          calls.push('head')
          exchange.abort()
        },
        onData: () => calls.push('data'),
        onEnd: () => calls.push('end'),
        onFail: () => calls.push('fail'),
      })
    await until(() => calls.length > 0)
    await until(() => server.sockets.size === 0)
    expect(calls).toEqual(['head'])
    expect(early.calls).toEqual([])
  })
})
