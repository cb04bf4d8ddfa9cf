// Configurations and protos that would hold up everything else if they were read at once.
import { readYaml } from '@weir/contract'
import { rawRequest } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type StandaloneTestPlane, startStandaloneTestPlane } from '../testing/standalone-plane.ts'
import { adminKey } from '../testing/test-plane.ts'

let testPlane: StandaloneTestPlane
beforeAll(async () => {
  testPlane = await startStandaloneTestPlane()
})
afterAll(() => testPlane.close())

function call(method: string, body?: string, headers: Record<string, string> = {}) {
  return rawRequest({
    port: testPlane.plane.address.port,
    method,
    path: '/apisix/admin/configs',
    headers: { 'X-API-KEY': adminKey, ...headers },
    ...(body === undefined ? {} : { body }),
  })
}

const routes = Array.from({ length: 2_000 }, (_, i) => ({
  id: `r${i}`,
  uri: `/${i}`,
  upstream: { nodes: { '127.0.0.1:1': 1 } },
  plugins: { 'key-auth': {} },
}))
const long = JSON.stringify({ routes })

test('a long configuration is taken, and told as it was given, in JSON and YAML', async () => {
  expect((await call('PUT', long, { 'X-Digest': '1' })).status).toBe(202)
  const told = await call('GET')
  expect(JSON.parse(told.text)).toMatchObject({ routes, routes_conf_version: 1, 'X-Digest': '1' })
  const yaml = await call('GET', undefined, { Accept: 'application/yaml' })
  expect(readYaml(yaml.text)).toMatchObject({ ok: true, value: { routes } })
  expect((await testPlane.store.list('/')).entries).toHaveLength(routes.length)
})

test.each([
  ['JSON that ends too soon', long.slice(0, -1), 'invalid request body: '],
  ['a bad item', long.replace('"/1999"', '7'), 'property "uri" validation failed'],
  ['the same id twice', long.replace('"r1999"', '"r0"'), 'found duplicate id r0 in routes'],
])('a long text with %s is refused', async (_what, body, complaint) => {
  const refused = await call('PUT', body, { 'X-Digest': '2' })
  expect(refused.status).toBe(400)
  const { error_msg: error } = JSON.parse(refused.text) as { error_msg: string }
  expect(error).toContain(complaint)
})

test('a long list is an empty configuration, as a short one is', async () => {
  expect((await call('PUT', JSON.stringify(routes), { 'X-Digest': '3' })).status).toBe(202)
  expect((await testPlane.store.list('/')).entries).toEqual([])
})

test('of simultaneous configurations with one digest one is taken', async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, () => call('PUT', long, { 'X-Digest': '4' })))
  const statuses = answers.map(({ status }) => status)
  expect([
    statuses.filter((one) => one === 202).length,
    statuses.filter((one) => one === 204).length,
  ]).toEqual([1, 3])
})

function putProto(content: string) {
  const body = JSON.stringify({ protos: [{ id: 'p', content }] })
  return call('PUT', body, { 'X-Digest': String(content.length) })
}

test('a long proto is judged as a short one', async () => {
  const messages = Array.from({ length: 300 }, (_, i) => `message M${i} { string a = 1; int32 b = 2; }`)
  const good = `syntax = "proto3";\n${messages.join('\n')}`
  expect((await putProto(good)).status).toBe(202)
  const bad = await putProto(`${good}\nmessage N { Nowhere x = 1; }`)
  expect([bad.status, bad.text]).toEqual([400, expect.stringContaining('invalid content: ')])
})
