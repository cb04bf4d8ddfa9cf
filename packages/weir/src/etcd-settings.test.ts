// What config.yaml says about etcd reaches etcd: endpoints, prefix, mTLS, a user.
import { parseSettings } from '@weir/contract'
import { createCertificateAuthority, startEtcd } from '@weir/testkit'
import { expect, test } from 'vitest'
import { openKept } from './open-store.ts'

const open = (settings: object, env: Record<string, string> = {}) =>
  openKept(parseSettings(JSON.stringify(settings), env))

test('an etcd that asks for certificates, named by the environment, with a dead endpoint beside it', async () => {
  const authority = await createCertificateAuthority()
  const server = authority.issue('etcd', 'DNS:etcd.internal')
  const client = authority.issue('gateway')
  const etcd = await startEtcd({ tls: { ...server, ca: authority.cert } })
  const env = { APISIX_DEPLOYMENT_ETCD_HOST: JSON.stringify(['https://127.0.0.1:1', etcd.url]) }
  const settings = (tls: object) => ({
    apisix: { ssl: { ssl_trusted_certificate: authority.cert } },
    deployment: { etcd: { host: ['http://nowhere:2379'], prefix: '/gateways/one', timeout: 5, tls } },
  })
  try {
    const store = await open(settings({ ...client, sni: 'etcd.internal' }), env)
    await store.initialize()
    await store.put('/routes/1', 'x')
    expect(store.prefix).toBe('/gateways/one')
    expect((await store.get('/routes/')).entry?.value).toBe('init_dir')
    await store.close()
    const stranger = await open(settings({ sni: 'etcd.internal' }), env)
    await expect(stranger.get('/routes/1')).rejects.toThrow('has no healthy etcd endpoint available')
    await stranger.close()
    const careless = await open(settings({ ...client, verify: false }), env)
    expect((await careless.get('/routes/1')).entry?.value).toBe('x')
    await careless.close()
  } finally {
    await etcd.stop()
    await authority.remove()
  }
})

/** A call of etcd's HTTP gateway. */
async function administer(url: string, call: string, body: object): Promise<void> {
  const answer = await fetch(`${url}/v3/auth/${call}`, { method: 'POST', body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
}

test('an etcd that asks for a user', async () => {
  const etcd = await startEtcd()
  try {
    await administer(etcd.url, 'user/add', { name: 'root', password: 'a-password' })
    await administer(etcd.url, 'user/grant', { user: 'root', role: 'root' })
    await administer(etcd.url, 'enable', {})
    const settings = (password: string) => ({
      deployment: { etcd: { host: [etcd.url], user: 'root', password, timeout: 5 } },
    })
    const store = await open(settings('${{ETCD_PASSWORD}}'), { ETCD_PASSWORD: 'a-password' })
    await store.put('/routes/1', 'x')
    expect(await store.serverVersion?.()).toMatch(/^3\./)
    await store.close()
    const stranger = await open(settings('another'))
    await expect(stranger.get('/routes/1')).rejects.toThrow('authentication failed')
    await stranger.close()
  } finally {
    await etcd.stop()
  }
})
