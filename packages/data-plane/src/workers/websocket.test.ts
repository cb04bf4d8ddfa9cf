import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { rawRequest, until } from '@weir/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, certificate, startTlsWorld, type TlsWorld } from './testing/tls-world.ts'

let upstream: Server
let asked: IncomingMessage[]
let upgraded: Duplex[]
let world: TlsWorld
let port: number

/** Greets, and says everything back. */
beforeEach(async () => {
  asked = []
  upgraded = []
  upstream = createServer((request, response) => response.end(`ordinary ${request.headers.connection}`))
  upstream.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    asked.push(request)
    if (request.url === '/refused') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno')
      return
    }
    upgraded.push(socket)
    socket.on('error', () => {})
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Own: 1\r\n\r\nhello ',
    )
    socket.write(head)
    socket.pipe(socket)
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  world = await startTlsWorld()
  port = world.plane.addresses[0]?.port ?? 0
})
afterEach(async () => {
  for (const socket of upgraded) socket.destroy()
  await world.close()
  upstream.closeAllConnections()
  upstream.close()
})

async function route(members: object): Promise<void> {
  const nodes = { [`127.0.0.1:${(upstream.address() as AddressInfo).port}`]: 1 }
  await world.put('/routes/1', { uri: '/*', upstream: { nodes }, ...members })
}

const upgradeHeaders = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

/** Asks for an upgrade, with bytes of the new protocol behind it at once. */
function open(path = '/', more = ''): { readonly socket: Socket; text(): string } {
  const socket = connect({ port, host: '127.0.0.1' })
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n${upgradeHeaders}\r\n${more}`)
  return { socket, text: () => text }
}

test('bytes go both ways, and the end of one side is that of the other', async () => {
  await route({ enable_websocket: true })
  const { socket, text } = open('/chat?x=1', 'first ')
  await until(() => text().includes('hello first '))
  expect(text()).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/)
  expect(text()).toMatch(/\r\nX-Own: 1\r\n/)
  expect(text()).toMatch(/\r\nUpgrade: websocket\r\n/)
  expect(asked[0]).toMatchObject({
    url: '/chat?x=1',
    headers: { connection: 'upgrade', upgrade: 'websocket' },
  })
  const long = 'x'.repeat(3_000_000)
  socket.write(long)
  await until(() => text().endsWith(long))
  upgraded[0]?.destroy()
  await once(socket, 'close')

  const second = open()
  await until(() => second.text().endsWith('hello '))
  const closed = once(upgraded[1] ?? second.socket, 'close')
  second.socket.destroy()
  await closed
})

test('without enable_websocket it is an ordinary request', async () => {
  await route({})
  const { socket, text } = open()
  await once(socket, 'close')
  expect(text()).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*ordinary keep-alive$/)
  expect(asked).toEqual([])
})

test('plugins decide first, and an upstream may refuse', async () => {
  await route({ enable_websocket: true, plugins: { 'key-auth': {} } })
  const denied = open()
  await once(denied.socket, 'close')
  expect(denied.text()).toMatch(/^HTTP\/1.1 401 /)
  await route({ enable_websocket: true })
  const refused = open('/refused')
  await once(refused.socket, 'close')
  expect(refused.text()).toMatch(/^HTTP\/1.1 403 [^]*no$/)
})

test('a connection on which nothing moves is closed after the read timeout', async () => {
  await route({ enable_websocket: true, timeout: { connect: 5, send: 5, read: 0.3 } })
  const { socket, text } = open()
  await until(() => text().endsWith('hello '))
  await once(socket, 'close')
})

test('a node that is not there is a 502, or another one is asked', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const dead = `127.0.0.1:${(server.address() as AddressInfo).port}`
  server.close()
  await route({ enable_websocket: true, upstream: { nodes: { [dead]: 1 } } })
  const failed = open()
  await once(failed.socket, 'close')
  expect(failed.text()).toMatch(/^HTTP\/1.1 502 /)
  const alive = `127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const nodes = [dead, alive].map((node, priority) => {
    const [host = '', at = ''] = node.split(':')
    return { host, port: Number(at), weight: 1, priority: -priority }
  })
  await route({ enable_websocket: true, upstream: { nodes } })
  const { text, socket } = open()
  await until(() => text().endsWith('hello '))
  socket.destroy()
})

test('the end of the gateway ends them, too', async () => {
  await route({ enable_websocket: true })
  const { socket, text } = open()
  await until(() => text().endsWith('hello '))
  const closed = once(socket, 'close')
  expect(await world.plane.drain(50)).toBe(1)
  await closed
})

test('they work over TLS; other requests on the port do as before', async () => {
  await route({ enable_websocket: true })
  const { cert, key } = await certificate('a.test')
  await world.put('/ssls/1', { sni: 'a.test', cert, key })
  const socket = await world.open({ servername: 'a.test' })
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.write(`GET / HTTP/1.1\r\nHost: a.test\r\n${upgradeHeaders}\r\nback `)
  await until(() => text.endsWith('hello back '))
  socket.destroy()
  expect(await ask(await world.open({ servername: 'a.test' }), '/', 'a.test')).toContain('ordinary')
  expect((await rawRequest({ port, path: '/' })).text).toContain('ordinary')
})
