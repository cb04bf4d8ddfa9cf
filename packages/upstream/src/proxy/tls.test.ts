import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { rawRequest } from '@weir/testkit'
import { afterEach, expect, test } from 'vitest'
import { certificate } from '../client/certificate.testing.ts'
import { atEnd, cleanUp, gateway, nodesAt } from './gateway.testing.ts'

afterEach(cleanUp)

const own = certificate()

/** A node that says by which name it was called, and by whom. */
async function secureNode(): Promise<number> {
  const server = createServer(
    { ...own, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket
      response.end(`${socket.servername} ${String(socket.getPeerCertificate().subject?.CN ?? 'nobody')}`)
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test('the node is called by the name of the Host header, and its certificate is not looked at', async () => {
  const gw = await gateway({ nodes: nodesAt(await secureNode()), scheme: 'https' })
  for (const host of ['a.test', 'b.test:8443', 'a.test']) {
    const response = await rawRequest({ port: gw.port, headers: { Host: host } })
    expect(response.text).toBe(`${host.split(':', 1)[0]} nobody`)
  }
  expect(gw.records[0]).toMatchObject({ scheme: 'https', host: 'a.test' })
  const rewrites = { pass_host: 'rewrite', upstream_host: 'given.test' }
  gw.use({ nodes: nodesAt(await secureNode()), scheme: 'https', ...rewrites })
  expect((await rawRequest({ port: gw.port })).text).toBe('given.test nobody')
  gw.use({ nodes: nodesAt(await secureNode()), scheme: 'https', pass_host: 'node' })
  expect((await rawRequest({ port: gw.port })).text).toBe('false nobody')
})

test('a certificate that does not pass is a 502, and another node is tried', async () => {
  const tls = { verify: true }
  const nodes = nodesAt(await secureNode(), await secureNode())
  const gw = await gateway({ nodes, scheme: 'https', tls })
  expect((await rawRequest({ port: gw.port, method: 'POST', body: 'x' })).status).toBe(502)
  expect(gw.records[0]?.attempts).toHaveLength(2)
  expect(gw.warnings[0]?.['failure']).toBe('tls')
})

test('the client certificate is shown', async () => {
  const tls = { client_cert: own.cert, client_key: own.key }
  const gw = await gateway({ nodes: nodesAt(await secureNode()), scheme: 'https', tls })
  expect((await rawRequest({ port: gw.port, headers: { Host: 'a.test' } })).text).toBe('a.test node.test')
})
