// An etcd behind TLS, with and without client certificates.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEtcd } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StoreUnavailableError } from '../store.ts'
import { createEtcdStore } from './etcd-store.ts'
import type { EtcdSettings } from './settings.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-tls-'))
  createCertificate('ca', [])
  createCertificate('server', [...signedByCa(), '-addext', 'subjectAltName=IP:127.0.0.1'])
  createCertificate('named', [...signedByCa(), '-addext', 'subjectAltName=DNS:etcd.internal'])
  createCertificate('elsewhere', [...signedByCa(), '-addext', 'subjectAltName=IP:127.0.0.2'])
  createCertificate('client', signedByCa())
})

afterAll(() => rm(directory, { recursive: true, force: true }))

const file = (name: string) => join(directory, name)
const signedByCa = () => ['-CA', file('ca.pem'), '-CAkey', file('ca.key')]

function createCertificate(name: string, more: string[]): void {
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    file(`${name}.key`),
  ]
  const args = [
    'req',
    '-x509',
    '-days',
    '1',
    '-subj',
    `/CN=${name}`,
    '-out',
    file(`${name}.pem`),
    ...key,
    ...more,
  ]
  execFileSync('openssl', args, { stdio: 'pipe' })
}

async function get(url: string, tls: EtcdSettings['tls'], trusted?: string): Promise<unknown> {
  const store = createEtcdStore({ host: [url], timeout: 3, ...(tls && { tls }) }, trusted)
  try {
    await store.put('/routes/1', 'x')
    return (await store.get('/routes/1')).entry?.value
  } finally {
    await store.close()
  }
}

test('a server is trusted through the given certificates only, unless verification is off', async () => {
  const etcd = await startEtcd({ tls: { cert: file('server.pem'), key: file('server.key') } })
  try {
    await expect(get(etcd.url, {}, file('ca.pem'))).resolves.toBe('x')
    await expect(get(etcd.url, undefined, 'system')).rejects.toThrow(StoreUnavailableError)
    await expect(get(etcd.url, { verify: false }, 'system')).resolves.toBe('x')
  } finally {
    await etcd.stop()
  }
})

test('a server that asks for a client certificate gets it', async () => {
  const ca = file('ca.pem')
  const etcd = await startEtcd({ tls: { cert: file('server.pem'), key: file('server.key'), ca } })
  const own = { cert: file('client.pem'), key: file('client.key') }
  try {
    await expect(get(etcd.url, own, ca)).resolves.toBe('x')
    await expect(get(etcd.url, { ...own, verify: false }, 'system')).resolves.toBe('x')
    await expect(get(etcd.url, {}, ca)).rejects.toThrow(StoreUnavailableError)
  } finally {
    await etcd.stop()
  }
})

test('a certificate for another address is refused', async () => {
  const etcd = await startEtcd({ tls: { cert: file('elsewhere.pem'), key: file('elsewhere.key') } })
  try {
    await expect(get(etcd.url, {}, file('ca.pem'))).rejects.toThrow(StoreUnavailableError)
  } finally {
    await etcd.stop()
  }
})

test('the name expected in the certificate can be another one than the host', async () => {
  const etcd = await startEtcd({ tls: { cert: file('named.pem'), key: file('named.key') } })
  try {
    await expect(get(etcd.url, { sni: 'etcd.internal' }, file('ca.pem'))).resolves.toBe('x')
    await expect(get(etcd.url, {}, file('ca.pem'))).rejects.toThrow(StoreUnavailableError)
  } finally {
    await etcd.stop()
  }
})

test('a certificate file that is missing is reported at once', () => {
  expect(() => createEtcdStore({ host: ['https://127.0.0.1:1'] }, file('none.pem'))).toThrow('none.pem')
})
