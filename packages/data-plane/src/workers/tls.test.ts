import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { createCipher, encryptPrivateKey } from '@weir/contract'
import { rawRequest } from '@weir/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ask, certificate, removeCertificates, startTlsWorld, type TlsWorld } from './testing/tls-world.ts'

const ec = await certificate('ec')
const rsa = await certificate('rsa', { rsa: true })
const other = await certificate('other')
const authority = await certificate('authority')
const client = await certificate('client', { authority })
const deep = await certificate('deep', { authority: client })

let upstream: Server
let nodes: Record<string, number>
beforeAll(async () => {
  upstream = createServer(({ url, headers }, response) => response.end(`${url} ${JSON.stringify(headers)}`))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  nodes = { [`127.0.0.1:${(upstream.address() as AddressInfo).port}`]: 1 }
})
const worlds: TlsWorld[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})
afterAll(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await removeCertificates()
})

async function start(workers = 1, ssl: object = {}): Promise<TlsWorld> {
  const world = await startTlsWorld(workers, ssl)
  worlds.push(world)
  await world.put('/routes/1', { uri: '/*', upstream: { nodes } })
  return world
}

/** Whose certificate is shown. */
async function shownTo(world: TlsWorld, servername: string, options: object = {}): Promise<string> {
  const socket = await world.open({ ...(servername !== '' && { servername }), ...options })
  const name = String(socket.getPeerCertificate().subject.CN)
  socket.destroy()
  return name
}

const pem = ({ cert, key }: { cert: string; key: string }) => ({ cert, key })

describe.each([1, 2])('with %i serving threads', (workers) => {
  test('the certificate is that of the name, and changes while connections stay', async () => {
    const world = await start(workers)
    await expect(world.open({ servername: 'a.test' })).rejects.toThrow('unrecognized name')
    await world.put('/ssls/1', { sni: 'a.test', ...pem(ec) })
    await world.put('/ssls/2', { snis: ['*.a.test', 'B.test'], ...pem(rsa) })
    expect(await shownTo(world, 'A.test')).toBe('ec')
    expect(await shownTo(world, 'x.a.test')).toBe('rsa')
    expect(await shownTo(world, 'b.test')).toBe('rsa')
    await expect(world.open({ servername: 'x.y.a.test' })).rejects.toThrow('unrecognized name')
    await expect(world.open({})).rejects.toThrow('unrecognized name')

    const before = await world.open({ servername: 'a.test' })
    await world.put('/ssls/1', { sni: 'a.test', ...pem(other) })
    expect(await shownTo(world, 'a.test')).toBe('other')
    expect(await ask(before, '/path', 'a.test')).toMatch(
      /^HTTP\/1.1 200 [^]*\/path .*"x-forwarded-proto":"https"/,
    )
    await world.put('/ssls/1', { sni: 'a.test', ...pem(other), status: 0 })
    await expect(world.open({ servername: 'a.test' })).rejects.toThrow('unrecognized name')
  })
})

test('a document may have a certificate for each kind of key, encrypted ones too', async () => {
  const world = await start()
  const cipher = createCipher(['qeddd145sfvddff3'])
  const [key, more] = [ec.key, rsa.key].map((one) => encryptPrivateKey(one, cipher))
  await world.put('/ssls/1', { sni: 'a.test', cert: ec.cert, key, certs: [rsa.cert], keys: [more] })
  const options = { maxVersion: 'TLSv1.2' }
  expect(await shownTo(world, 'a.test', { ...options, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })).toBe('rsa')
  expect(await shownTo(world, 'a.test', { ...options, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toBe('ec')
})

test('a document that cannot be used leaves its last version in force', async () => {
  const world = await start()
  await world.put('/ssls/1', { sni: 'a.test', ...pem(ec) })
  const unreadable = 'x'.repeat(200)
  for (const bad of [{ cert: unreadable }, { key: unreadable }, { key: rsa.key }])
    await world.put('/ssls/1', { sni: 'a.test', ...pem(ec), ...bad })
  expect(await shownTo(world, 'a.test')).toBe('ec')
  expect(JSON.stringify(world.log.lines)).not.toContain('PRIVATE')
})

test('cert and key may stand in the environment', async () => {
  process.env['TLS_PAIR'] = JSON.stringify(pem(ec))
  try {
    const world = await start()
    await world.put('/ssls/1', { sni: 'a.test', cert: '$env://TLS_PAIR/cert', key: '$ENV://TLS_PAIR/key' })
    expect(await shownTo(world, 'a.test')).toBe('ec')
  } finally {
    delete process.env['TLS_PAIR']
  }
})

test('versions are those of the document, else of the settings; without a name the fallback answers', async () => {
  const world = await start(1, {
    fallback_sni: 'a.test',
    ssl_protocols: 'TLSv1.2',
    ssl_session_tickets: true,
  })
  await world.put('/ssls/1', { sni: 'a.test', ...pem(ec) })
  await world.put('/ssls/2', { sni: 'b.test', ...pem(rsa), ssl_protocols: ['TLSv1.3'] })
  expect(await shownTo(world, '')).toBe('ec')
  await expect(world.open({ servername: 'a.test', minVersion: 'TLSv1.3' })).rejects.toThrow('version')
  await expect(world.open({ servername: 'b.test', maxVersion: 'TLSv1.2' })).rejects.toThrow('version')
  const vars = [
    ['ssl_protocol', '==', 'TLSv1.3'],
    ['ssl_server_name', '==', 'b.test'],
    ['ssl_client_verify', '==', 'NONE'],
    ['scheme', '==', 'https'],
  ]
  await world.put('/routes/1', { uri: '/*', vars, upstream: { nodes } })
  expect(await ask(await world.open({ servername: 'b.test' }), '/', 'b.test')).toMatch(/^HTTP\/1.1 200 /)
  expect(await ask(await world.open({ servername: 'a.test' }), '/', 'a.test')).toMatch(/^HTTP\/1.1 404 /)
})

test.each([true, false])(
  'session tickets %s: all threads take them, for the same document only',
  async (tickets) => {
    const world = await start(2, { ssl_session_tickets: tickets })
    await world.put('/ssls/1', { sni: 'a.test', ...pem(ec) })
    await world.put('/ssls/2', { sni: 'b.test', ...pem(ec) })
    const version = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
    const first = await world.open({ servername: 'a.test', ...version })
    const session = first.getSession()
    first.destroy()
    const isResumed = async (servername: string) => {
      const socket = await world.open({ servername, ...version, ...(session && { session }) })
      const isReused = socket.isSessionReused()
      socket.destroy()
      return isReused
    }
    // Enough for both threads to have their turn.
    for (let i = 0; i < 12; i += 1) expect(await isResumed('a.test')).toBe(tickets)
    expect(await isResumed('b.test')).toBe(false)
  },
)

describe('a certificate that wants clients to show one', () => {
  const shown = { ...pem(client), servername: 'a.test' }

  test('lets only those in, and only for the name of the handshake', async () => {
    const world = await start()
    const ca = authority.cert
    await world.put('/ssls/1', { sni: 'a.test', ...pem(ec), client: { ca } })
    await world.put('/ssls/2', { sni: 'b.test', ...pem(ec) })
    expect(await ask(await world.open(shown), '/', 'a.test')).toMatch(/^HTTP\/1.1 200 /)
    await expect(world.open({ servername: 'a.test', maxVersion: 'TLSv1.2' })).rejects.toThrow('alert')
    const stranger = { ...shown, ...pem(other), maxVersion: 'TLSv1.2' } as const
    await expect(world.open(stranger)).rejects.toThrow(/ECONNRESET|disconnected|alert/)
    // Nor does the handshake for another name open the door.
    const elsewhere = await world.open({ servername: 'b.test' })
    expect(await ask(elsewhere, '/', 'a.test')).toMatch(/^HTTP\/1.1 400 /)
    const vars = [
      ['ssl_client_verify', '==', 'SUCCESS'],
      ['ssl_client_s_dn', '==', 'CN=client'],
    ]
    await world.put('/routes/1', { uri: '/*', vars, upstream: { nodes } })
    expect(await ask(await world.open(shown), '/', 'a.test')).toMatch(/^HTTP\/1.1 200 /)
  })

  test('need not see it for some paths', async () => {
    const world = await start()
    const verification = { ca: authority.cert, skip_mtls_uri_regex: ['^/open/'] }
    await world.put('/ssls/1', { sni: 'a.test', ...pem(ec), client: verification })
    const servername = 'a.test'
    expect(await ask(await world.open({ servername }), '/open/1', 'a.test')).toMatch(/^HTTP\/1.1 200 /)
    expect(await ask(await world.open({ servername }), '/other', 'a.test')).toMatch(/^HTTP\/1.1 400 /)
    expect(await ask(await world.open(shown), '/other', 'a.test')).toMatch(/^HTTP\/1.1 200 /)
  })

  test('looks at how long its chain is', async () => {
    const world = await start()
    const chain = { servername: 'a.test', cert: deep.cert + client.cert, key: deep.key }
    const outcomes: string[] = []
    for (const depth of [1, 0]) {
      const verification = { ca: authority.cert, depth, skip_mtls_uri_regex: ['^/open/'] }
      await world.put('/ssls/1', { sni: 'a.test', ...pem(ec), client: verification })
      outcomes.push((await ask(await world.open(chain), '/', 'a.test')).slice(9, 12))
    }
    expect(outcomes).toEqual(['200', '400'])
  })
})

test('an upstream is shown the certificate that it names, and the new one after a change', async () => {
  const node = createSecureServer(
    { ...pem(rsa), requestCert: true, rejectUnauthorized: false },
    (request, answer) => {
      answer.end(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN))
    },
  )
  node.listen(0, '127.0.0.1')
  await once(node, 'listening')
  try {
    const world = await start()
    const port = world.plane.addresses[0]?.port ?? 0
    const text = async () => (await rawRequest({ port, path: '/' })).text
    const target = { [`127.0.0.1:${(node.address() as AddressInfo).port}`]: 1 }
    await world.put('/upstreams/1', { scheme: 'https', nodes: target, tls: { client_cert_id: 'c' } })
    await world.put('/routes/1', { uri: '/*', upstream_id: '1' })
    expect((await rawRequest({ port, path: '/' })).status).toBe(502)
    await world.put('/ssls/c', { type: 'client', ...pem(client) })
    expect(await text()).toBe('client')
    await world.put('/ssls/c', { type: 'client', ...pem(other) })
    expect(await text()).toBe('other')
    await world.put('/ssls/c', { sni: 'a.test', ...pem(other) })
    expect((await rawRequest({ port, path: '/' })).status).toBe(502)
  } finally {
    node.closeAllConnections()
    node.close()
  }
})

test('ciphers that nobody knows end the start', async () => {
  await expect(startTlsWorld(1, { ssl_ciphers: 'none-of-them' })).rejects.toThrow('ssl_ciphers')
})

test('plain HTTP on the port for TLS is told so', async () => {
  const world = await start()
  expect((await rawRequest({ port: world.port, path: '/' })).status).toBe(400)
})
