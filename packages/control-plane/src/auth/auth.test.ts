import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawRequest } from '@weir/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminKey, startTestPlane, testSettings, viewerKey, type TestPlane } from '../testing/test-plane.ts'
import { compileAllowList } from './allow-list.ts'

describe('who may come in', () => {
  it('knows addresses and networks', () => {
    const allowed = compileAllowList(['127.0.0.0/24', '10.1.2.3', 'fd00::/8'])
    const peers = ['127.0.0.9', '::ffff:127.0.0.9', '10.1.2.3', 'fd12::1', '127.0.1.1', '::1', undefined]
    expect(peers.map(allowed)).toEqual([true, true, true, true, false, false, false])
  })

  it('lets everyone in without a list, and nobody with an empty one', () => {
    expect(compileAllowList(undefined)('8.8.8.8')).toBe(true)
    expect(compileAllowList([])('127.0.0.1')).toBe(false)
  })

  it('does not start on what is no address', () => {
    expect(() => compileAllowList(['localhost'])).toThrow('localhost')
  })

  it('refuses other peers before it looks at anything else', async () => {
    const plane = await startTestPlane({ config: `${testSettings}    allow_admin: []\n` })
    for (const method of ['GET', 'OPTIONS', 'HEAD', 'PUT']) {
      const refused = await rawRequest({ port: plane.port, method, path: '/apisix/admin/routes' })
      expect([refused.status, refused.header('content-type')]).toEqual([403, 'text/html; charset=utf-8'])
    }
    await plane.close()
  })
})

describe('keys', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane()
  })
  afterAll(() => plane.close())

  const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
    rawRequest({ port: plane.port, method, path: `/apisix/admin${path}`, headers })

  it.each([
    ['the argument before the header', '/routes?api_key=wrong', { 'X-API-KEY': adminKey }, 401],
    ['the argument', `/routes?api_key=${adminKey}`, { 'X-API-KEY': 'wrong' }, 200],
    ['the header before the cookie', '/routes', { 'X-API-KEY': 'x', Cookie: `x_api_key=${adminKey}` }, 401],
    ['the cookie', '/routes', { Cookie: `a=b; x_api_key=${adminKey}; c=d` }, 200],
    ['the header', '/routes', { 'x-api-key': viewerKey }, 200],
    ['the header, spelled with underscores', '/routes', { x_api_key: viewerKey }, 200],
    ['a beginning of a key', '/routes', { 'X-API-KEY': adminKey.slice(0, -1) }, 401],
  ])('%s decides', async (_what, path, headers, status) => {
    expect((await ask(path, headers)).status).toBe(status)
  })

  it.each(['PUT', 'POST', 'PATCH', 'DELETE'])('viewers may not %s', async (method) => {
    const refused = await ask('/routes/1', { 'X-API-KEY': viewerKey }, method)
    expect(JSON.parse(refused.text)).toEqual({
      error_msg: 'failed to check token',
      description: 'invalid method for role viewer',
    })
  })
})

describe('the first key', () => {
  it('is made once, in a file that only its owner reads, and never said', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weir-key-'))
    const keyFile = join(directory, 'state', 'admin.key')
    const said: string[] = []
    const log = {
      debug() {},
      info: (...words: unknown[]) => void said.push(JSON.stringify(words)),
      warn: (...words: unknown[]) => void said.push(JSON.stringify(words)),
      error() {},
    }
    const config = 'deployment: {admin: {admin_listen: {ip: 127.0.0.1, port: 0}}}'
    const plane = await startTestPlane({ config, keyFile, log })
    const key = readFileSync(keyFile, 'utf8').trim()
    expect(key).toMatch(/^[a-zA-Z]{32}$/)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    expect(said.join()).toContain(keyFile)
    expect(said.join()).not.toContain(key)
    expect((await plane.call({ path: '/routes', headers: { 'X-API-KEY': key } })).status).toBe(200)
    await plane.close()

    const again = await startTestPlane({ config, keyFile, log })
    expect((await again.call({ path: '/routes', headers: { 'X-API-KEY': key } })).status).toBe(200)
    await again.close()
    rmSync(directory, { recursive: true })
  })

  it('an empty key lets nobody in', async () => {
    const config = testSettings.replace(viewerKey, "''")
    const plane = await startTestPlane({ config })
    expect((await plane.call({ path: '/routes', headers: { 'X-API-KEY': '' } })).status).toBe(401)
    await plane.close()
  })

  it('no key is asked for when none is required', async () => {
    const plane = await startTestPlane({
      config: 'deployment: {admin: {admin_key_required: false, admin_listen: {ip: 127.0.0.1, port: 0}}}',
    })
    expect((await rawRequest({ port: plane.port, path: '/apisix/admin/routes' })).status).toBe(200)
    await plane.close()
  })
})
