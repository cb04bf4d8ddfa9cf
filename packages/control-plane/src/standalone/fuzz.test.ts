// Whatever is put, the Admin API of the standalone mode answers clearly, and what it took reads back the same.
import { standaloneKinds } from '@weir/contract'
import { rawRequest } from '@weir/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type StandaloneTestPlane, startStandaloneTestPlane } from '../testing/standalone-plane.ts'
import { adminKey } from '../testing/test-plane.ts'

let testPlane: StandaloneTestPlane
let digest = 0
beforeAll(async () => {
  testPlane = await startStandaloneTestPlane()
})
afterAll(() => testPlane.close())

function call(method: string, body?: string, type = 'application/json') {
  return rawRequest({
    port: testPlane.plane.address.port,
    method,
    path: '/apisix/admin/configs',
    headers: { 'X-API-KEY': adminKey, 'X-Digest': String(++digest), 'Content-Type': type },
    ...(body === undefined ? {} : { body }),
  })
}

const item = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.record(
    {
      id: fc.oneof(fc.string(), fc.integer(), fc.constantFrom('a', 'b', 'jack/credentials/c')),
      username: fc.constantFrom('jack', 'rose', 'a b'),
      uri: fc.constantFrom('/a', '/b/*'),
      upstream: fc.constant({ nodes: { '127.0.0.1:1': 1 } }),
      plugins: fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant({ 'key-auth': { key: 'k' } })),
      modifiedIndex: fc.oneof(fc.integer(), fc.jsonValue({ maxDepth: 0 })),
    },
    { requiredKeys: [] },
  ),
)
const kind = fc.oneof(fc.array(item, { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }))
const configuration = fc.oneof(
  fc.jsonValue(),
  fc
    .tuple(fc.constantFrom(...standaloneKinds, 'plugins', 'bogus'), kind)
    .map(([name, items]) => ({ [name]: items })),
)

it('answers whatever is put, and keeps what it took', async () => {
  await fc.assert(
    fc.asyncProperty(configuration, async (given) => {
      const body = JSON.stringify(given)
      const { status, text } = await call('PUT', body)
      expect([202, 400]).toContain(status)
      if (status === 400) {
        expect(JSON.parse(text)).toHaveProperty('error_msg')
        return
      }
      const read = JSON.parse((await call('GET')).text) as Record<string, unknown>
      const sent = JSON.parse(body) as unknown
      for (const name of standaloneKinds) {
        const items = typeof sent === 'object' && sent !== null ? Reflect.get(sent, name) : undefined
        expect(read[name]).toEqual(Array.isArray(items) && items.length > 0 ? items : undefined)
      }
    }),
    { numRuns: 200 },
  )
})

it('answers whatever bytes are put as YAML', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (text) => {
      expect([202, 400]).toContain((await call('PUT', text, 'application/yaml')).status)
    }),
    { numRuns: 100 },
  )
})
