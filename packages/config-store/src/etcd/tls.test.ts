// An etcd behind TLS, with and without client certificates.
import { type CertificateAuthority, createCertificateAuthority, startEtcd } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StoreUnavailableError } from '../store.ts'
import { createEtcdStore } from './etcd-store.ts'
import type { EtcdSettings } from './settings.ts'

let authority: CertificateAuthority
beforeAll(async () => {
  authority = await createCertificateAuthority()
})
afterAll(() => authority.remove())

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
  const etcd = await startEtcd({ tls: authority.issue('server', 'IP:127.0.0.1') })
  try {
    await expect(get(etcd.url, {}, authority.cert)).resolves.toBe('x')
    await expect(get(etcd.url, {}, `system, ${authority.cert}`)).resolves.toBe('x')
    await expect(get(etcd.url, undefined, 'system')).rejects.toThrow(StoreUnavailableError)
    await expect(get(etcd.url, { verify: false }, 'system')).resolves.toBe('x')
  } finally {
    await etcd.stop()
  }
})

test('a server that asks for a client certificate gets it', async () => {
  const ca = authority.cert
  const etcd = await startEtcd({ tls: { ...authority.issue('server', 'IP:127.0.0.1'), ca } })
  const own = authority.issue('client')
  try {
    await expect(get(etcd.url, own, ca)).resolves.toBe('x')
    await expect(get(etcd.url, { ...own, verify: false }, 'system')).resolves.toBe('x')
    await expect(get(etcd.url, {}, ca)).rejects.toThrow(StoreUnavailableError)
  } finally {
    await etcd.stop()
  }
})

test('a certificate for another address is refused', async () => {
  const etcd = await startEtcd({ tls: authority.issue('elsewhere', 'IP:127.0.0.2') })
  try {
    await expect(get(etcd.url, {}, authority.cert)).rejects.toThrow(StoreUnavailableError)
  } finally {
    await etcd.stop()
  }
})

test('the name expected in the certificate can be another one than the host', async () => {
  const etcd = await startEtcd({ tls: authority.issue('named', 'DNS:etcd.internal') })
  try {
    await expect(get(etcd.url, { sni: 'etcd.internal' }, authority.cert)).resolves.toBe('x')
    await expect(get(etcd.url, {}, authority.cert)).rejects.toThrow(StoreUnavailableError)
  } finally {
    await etcd.stop()
  }
})

test('a certificate file that is missing is reported at once', () => {
  expect(() => createEtcdStore({ host: ['https://127.0.0.1:1'] }, `system,${authority.cert}.none`)).toThrow(
    'ca.pem.none',
  )
})
