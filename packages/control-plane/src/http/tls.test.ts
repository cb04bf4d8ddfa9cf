import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { rawRequest } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestCertificates } from '../testing/certificates.ts'
import { adminKey, startTestPlane, type TestPlane } from '../testing/test-plane.ts'

describe('the Admin API over TLS', () => {
  const certificates = new TestCertificates()
  let plane: TestPlane
  beforeAll(async () => {
    certificates.create('ca')
    certificates.create('server', 'ca')
    certificates.create('client', 'ca')
    certificates.create('stranger')
    plane = await startTestPlane({
      config: `
deployment:
  admin:
    admin_key: [{name: admin, key: ${adminKey}, role: admin}]
    admin_listen: {ip: 127.0.0.1, port: 0}
    https_admin: true
    admin_api_mtls:
      admin_ssl_cert: ${certificates.certificate('server')}
      admin_ssl_cert_key: ${certificates.key('server')}
      admin_ssl_ca_cert: ${certificates.certificate('ca')}
`,
    })
  })
  afterAll(async () => {
    await plane.close()
    certificates.remove()
  })

  /** The status, and the serial number of the server's certificate. */
  function ask(client?: string): Promise<readonly [number | undefined, string]> {
    return new Promise((resolve, reject) => {
      const call = request({
        host: '127.0.0.1',
        port: plane.port,
        path: '/apisix/admin/routes',
        headers: { 'X-API-KEY': adminKey },
        ca: certificates.read('ca').cert,
        agent: false,
        ...(client === undefined ? {} : certificates.read(client)),
      })
      call.on('error', reject)
      call.on('response', (response) => {
        const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
        response.resume()
        response.on('end', () => resolve([response.statusCode, serialNumber]))
      })
      call.end()
    })
  }

  it('serves clients whose certificate the authority signed, and no others', async () => {
    expect(await ask('client')).toEqual([200, expect.any(String)])
    await expect(ask('stranger')).rejects.toThrow(/./)
    await expect(ask()).rejects.toThrow(/./)
    expect((await ask('client'))[0]).toBe(200)
  })

  it('tells a client that speaks plain HTTP', async () => {
    const told = await rawRequest({ port: plane.port, path: '/apisix/admin/routes' })
    expect([told.status, told.header('content-type'), told.header('server')]).toEqual([
      400,
      'text/html; charset=utf-8',
      'APISIX/3.18.0 Weir/test',
    ])
    expect(told.text).toContain('The plain HTTP request was sent to HTTPS port')
    expect((await ask('client'))[0]).toBe(200)
  })

  it('shows a renewed certificate after a reload', async () => {
    const [, before] = await ask('client')
    certificates.create('server', 'ca')
    await plane.reloadCertificates()
    const [status, after] = await ask('client')
    expect(status).toBe(200)
    expect(after).not.toBe(before)
  })

  it('keeps the old certificate when the new one cannot be read', async () => {
    const [, before] = await ask('client')
    certificates.create('server', 'ca')
    const { cert } = certificates.read('client')
    writeFileSync(certificates.certificate('server'), cert.slice(0, 40))
    await expect(plane.reloadCertificates()).rejects.toThrow(/./)
    expect(await ask('client')).toEqual([200, before])
  })
})

it('closes while a client has not said anything', async () => {
  const certificates = new TestCertificates()
  certificates.create('server')
  const plane = await startTestPlane({
    config: `
deployment:
  admin:
    admin_key_required: false
    admin_listen: {ip: 127.0.0.1, port: 0}
    https_admin: true
    admin_api_mtls:
      admin_ssl_cert: ${certificates.certificate('server')}
      admin_ssl_cert_key: ${certificates.key('server')}
`,
  })
  const silent = connect(plane.port, '127.0.0.1')
  await once(silent, 'connect')
  const closed = once(silent, 'close')
  await plane.close()
  await closed
  certificates.remove()
})

it('does not start on a port that is taken, or without its certificate', async () => {
  const plane = await startTestPlane()
  const taken = `deployment: {admin: {admin_key_required: false, admin_listen: {ip: 127.0.0.1, port: ${plane.port}}}}`
  await expect(startTestPlane({ config: taken, store: plane.store })).rejects.toThrow('EADDRINUSE')
  await plane.close()
})
