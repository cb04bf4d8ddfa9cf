import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TestCertificates } from '../testing/certificates.ts'
import { startTestPlane, type TestPlane } from '../testing/test-plane.ts'

describe('certificates', () => {
  const certificates = new TestCertificates()
  let plane: TestPlane
  beforeAll(() => certificates.create('a'))
  afterAll(() => certificates.remove())
  beforeEach(async () => {
    plane = await startTestPlane()
  })
  afterEach(() => plane.close())

  it('keep their keys to themselves, and their stored keys through a PATCH', async () => {
    const { cert, key } = certificates.read('a')
    const created = await plane.put('/ssls/1', { cert, key, certs: [cert], keys: [key], sni: 'a.com' })
    expect(created.status).toBe(201)
    const stored = (await plane.store.get('/ssls/1')).entry?.value ?? ''
    expect(stored).not.toContain('PRIVATE KEY')
    for (const path of ['/ssls/1', '/ssls']) {
      const { text } = await plane.get(path)
      expect(text).toContain('CERTIFICATE')
      expect(text).not.toMatch(/"keys?":\[?"(?!\/apisix)/)
    }
    expect((await plane.patch('/ssls/1', { status: 0 })).status).toBe(200)
    const patched = JSON.parse((await plane.store.get('/ssls/1')).entry?.value ?? '')
    expect(patched).toMatchObject({ status: 0, key: JSON.parse(stored).key, keys: JSON.parse(stored).keys })
  })

  it.each([
    ['cert', 'failed to parse cert: PEM_read_bio_X509_AUX() failed'],
    ['key', 'failed to decrypt previous encrypted key'],
  ])('with an unreadable %s are refused', async (member, message) => {
    const document = { ...certificates.read('a'), sni: 'a.com', [member]: 'x'.repeat(200) }
    expect((await plane.put('/ssls/1', document)).json).toEqual({ error_msg: message })
    const more = { ...certificates.read('a'), [member]: 'x'.repeat(200) }
    const pairs = { ...certificates.read('a'), sni: 'a.com', certs: [more.cert], keys: [more.key] }
    expect((await plane.put('/ssls/1', pairs)).json).toEqual({
      error_msg: `failed to handle cert-key pair[1]: ${message}`,
    })
  })

  it('may be references', async () => {
    const reference = `$secret://vault/1/${'x'.repeat(128)}`
    const document = { cert: reference, key: reference, sni: 'a.com' }
    expect((await plane.put('/ssls/1', document)).status).toBe(201)
  })

  it('that an upstream shows must exist and be for clients', async () => {
    const nodes = { '127.0.0.1:1980': 1 }
    const upstream = { nodes, tls: { client_cert_id: 'c' } }
    const put = () => plane.put('/upstreams/1', upstream)
    expect((await put()).text).toContain('failed to fetch ssl info by ssl id [c], response code: 404')
    await plane.put('/ssls/c', { ...certificates.read('a'), sni: 'a.com' })
    const route = await plane.put('/routes/1', { uri: '/a', upstream })
    expect(route.text).toContain('failed to fetch ssl info by ssl id [c], wrong ssl type')
    await plane.put('/ssls/c', { ...certificates.read('a'), type: 'client' })
    expect((await put()).status).toBe(201)
  })
})
