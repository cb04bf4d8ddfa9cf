import { parseSettings } from '@weir/contract'
import { createLogger } from '@weir/telemetry'
import { createCertificateAuthority, startEtcd } from '@weir/testkit'
import { expect, test } from 'vitest'
import { openStore } from './open-store.ts'

test('an etcd is trusted through apisix.ssl.ssl_trusted_certificate', async () => {
  const authority = await createCertificateAuthority()
  const etcd = await startEtcd({ tls: authority.issue('etcd', 'IP:127.0.0.1') })
  const store = (ssl_trusted_certificate: string) => {
    const deployment = { etcd: { host: [etcd.url], timeout: 3 } }
    const given = { apisix: { ssl: { ssl_trusted_certificate } }, deployment }
    return openStore(parseSettings(JSON.stringify(given), {}), '.', createLogger({ level: 'error' }))
  }
  try {
    const { store: trusting } = await store(authority.cert)
    await expect(trusting.get('/routes/1')).resolves.toHaveProperty('revision')
    await trusting.close()
    const { store: wary } = await store('system')
    await expect(wary.get('/routes/1')).rejects.toThrow('has no healthy etcd endpoint available')
    await wary.close()
    await expect(store(`${authority.cert}.none`)).rejects.toThrow('ca.pem.none')
  } finally {
    await etcd.stop()
    await authority.remove()
  }
})
