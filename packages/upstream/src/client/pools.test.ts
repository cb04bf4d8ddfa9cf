import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { until } from '@weir/testkit'
import { describe, expect, test } from 'vitest'
import { certificate } from './certificate.testing.ts'
import {
  answering,
  cleanups,
  get,
  ok,
  options,
  origins,
  rawServer,
  Recorder,
  send,
} from './exchange.testing.ts'
import { ConnectionPool } from './connection-pool.ts'

describe('connections', () => {
  test('are kept and used again', async () => {
    const server = await answering(ok)
    const using = origins()
    for (let i = 0; i < 5; i++) await send(using, options(server.origin)).done
    expect(server.accepted()).toBe(1)
  })

  test('beyond the configured number are closed when idle, however many were needed at once', async () => {
    const server = await answering(ok)
    const using = origins()
    await Promise.all(Array.from({ length: 10 }, () => send(using, options(server.origin)).done))
    expect(server.accepted()).toBe(10)
    await until(() => server.sockets.size === 2)
  })

  test('end after their idle time', async () => {
    const server = await answering(ok)
    await send(origins(), options(server.origin, { keepAlive: { connections: 2, idleMs: 30 } })).done
    await until(() => server.sockets.size === 0)
  })

  test('end with their answer when none are kept, and say so', async () => {
    let seen = ''
    const server = await rawServer((socket, received) => {
      socket.once('data', () => {
        seen = received()
        socket.write(ok)
      })
    })
    await send(origins(), options(server.origin, { keepAlive: { connections: 0, idleMs: 1000 } })).done
    expect(seen).toContain('connection: close\r\n')
    await until(() => server.sockets.size === 0)
  })

  test('end after so many requests', async () => {
    const server = await answering(ok)
    const using = origins()
    const settings = options(server.origin, { keepAlive: { connections: 2, idleMs: 1000, requests: 2 } })
    for (let i = 0; i < 4; i++) await send(using, settings).done
    expect(server.accepted()).toBe(2)
  })

  test('that the upstream closed while idle are not used again', async () => {
    const server = createHttpServer((_request, response) => response.end('hi'))
    server.keepAliveTimeout = 1
    server.keepAliveTimeoutBuffer = 0
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const using = origins()
    const settings = options(`http://127.0.0.1:${port}`)
    const pool = using.open(settings)
    for (let i = 0; i < 3; i++) {
      // Each on its own connection, so none meets one that is just being closed.
      expect((await send(using, settings).done).calls.at(-1)).toBe('end')
      await until(() => pool instanceof ConnectionPool && pool.idle === 0)
    }
  })
})

async function tlsServer() {
  const names: (string | false | null)[] = []
  const identities: unknown[] = []
  const own = certificate()
  const server = createTlsServer(
    { ...own, requestCert: true, rejectUnauthorized: false },
    (socket: TLSSocket) => {
      names.push(socket.servername)
      identities.push(socket.getPeerCertificate().subject?.CN)
      socket.on('error', () => undefined)
      socket.on('data', () => socket.write(ok))
    },
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, names, identities, own }
}

describe('TLS', () => {
  test('is verified where wanted, and serves the name that is asked for', async () => {
    const server = await tlsServer()
    const using = origins()
    const refused = await send(using, options(server.origin)).done
    expect(refused.error).toMatchObject({ failure: 'tls', sent: false })
    const unverified = options(server.origin, { verifyCertificate: false })
    expect((await send(using, unverified, { headers: ['Host', 'node.test:8443'] }).done).text).toBe('hi')
    expect((await send(using, { ...unverified, serverName: 'other.test' }).done).text).toBe('hi')
    expect(server.names.slice(-2)).toEqual(['node.test', 'other.test'])
  })

  test('shows the configured certificate', async () => {
    const server = await tlsServer()
    const clientCertificate = server.own
    const settings = options(server.origin, { verifyCertificate: false, clientCertificate })
    expect((await send(origins(), settings).done).status).toBe(200)
    expect(server.identities).toEqual(['node.test'])
  })
})

describe('pools', () => {
  test('are shared by equal options', async () => {
    const using = origins()
    expect(using.open(options('http://127.0.0.1:1'))).toBe(using.open(options('http://127.0.0.1:1')))
    expect(using.open(options('http://127.0.0.1:1'))).not.toBe(
      using.open(options('http://127.0.0.1:1', { connectTimeoutMs: 1 })),
    )
  })

  test('are bounded: the longest unused is forgotten, and still works for its holder', async () => {
    const server = await answering(ok)
    const using = origins({ poolsMax: 2 })
    const first = using.open(options(server.origin))
    for (let port = 1; port < 9; port++) using.open(options(`http://127.0.0.1:${port}`))
    expect(using.open(options(server.origin))).not.toBe(first)
    const recorder = new Recorder()
    first.send(get, recorder)
    expect((await recorder.done).status).toBe(200)
  })

  test('close when the last answer is complete, and refuse from then on', async () => {
    const server = await rawServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh'))
    })
    const using = origins()
    const running = send(using, options(server.origin))
    await until(() => running.text === 'h')
    const pool = using.open(options(server.origin))
    let closed = false
    const closing = using.close().then(() => {
      closed = true
      return undefined
    })
    const late = new Recorder()
    pool.send(get, late)
    expect((await late.done).error).toMatchObject({ failure: 'aborted', sent: false })
    expect(closed).toBe(false)
    for (const socket of server.sockets) socket.write('i')
    await closing
    expect(running.text).toBe('hi')
    await until(() => server.sockets.size === 0)
  })
})
