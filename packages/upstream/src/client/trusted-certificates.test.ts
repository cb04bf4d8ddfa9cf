import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createCertificateAuthority } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpClient } from './http-client.ts'
import { createOrigins } from './origins.ts'
import { trustCertificates } from './trusted-certificates.ts'

const before = getCACertificates('default')
const authority = await createCertificateAuthority()
const files = authority.issue('server', 'IP:127.0.0.1')
const server = createServer(
  { cert: readFileSync(files.cert), key: readFileSync(files.key) },
  (_request, response) => response.end('trusted'),
)
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(async () => {
  setDefaultCACertificates(before)
  server.closeAllConnections()
  server.close()
  await authority.remove()
})

/** New connections each time. */
async function call(): Promise<string> {
  const { port } = server.address() as AddressInfo
  const answer = await createHttpClient(createOrigins()).call({
    url: `https://127.0.0.1:${port}/`,
    method: 'GET',
    headers: {},
    timeoutMs: 10_000,
    maxResponseBytes: 100,
    verifyCertificate: true,
  })
  return answer.body.toString()
}

test('a private authority is trusted when the settings name its certificate', async () => {
  trustCertificates('system')
  await expect(call()).rejects.toThrow('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  trustCertificates(`system, ${authority.cert}`)
  expect(await call()).toBe('trusted')
  trustCertificates(authority.cert)
  expect(await call()).toBe('trusted')
})

test('a file that is not there is named', () => {
  expect(() => trustCertificates('/nowhere/ca.pem')).toThrow('/nowhere/ca.pem')
})
