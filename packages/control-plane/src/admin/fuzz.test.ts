// Documents made from the schemas and then spoilt: whatever is sent, the answer is no 5xx, and what was accepted reads
// back as it was sent.
import fc from 'fast-check'
import { defaultPluginNames, isJsonObject, knownPlugin, type JsonObject } from '@weir/contract'
import { plugins as built } from '@weir/plugins'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documentFor, patchFor, valueFor } from '../testing/arbitrary-documents.ts'
import { TestCertificates } from '../testing/certificates.ts'
import { acceptingSettings, startTestPlane, type Answer, type TestPlane } from '../testing/test-plane.ts'
import { mergePatch } from './merge.ts'
import { resources } from './resources.ts'

const RUNS = 40
/** There are a hundred of these, and all go the same way. */
const FEW_RUNS = 4

const foreign = defaultPluginNames
  .filter((name) => built.every((plugin) => plugin.name !== name))
  .flatMap((name) => knownPlugin(name) ?? [])

const nodes = { '127.0.0.1:1980': 1 }
const vault = { uri: 'http://127.0.0.1:8200', prefix: 'kv', token: 't' }
const gcp = { auth_config: { client_email: 'a@b.c', private_key: 'k', project_id: 'p' } }
const certificates = new TestCertificates()
certificates.create('ca')

/** Collection, a path in it, and members that make a document acceptable. */
const places: readonly (readonly [string, string, JsonObject])[] = [
  ['routes', '/routes/x', { uri: '/a', upstream: { nodes } }],
  ['services', '/services/x', {}],
  ['upstreams', '/upstreams/x', { nodes }],
  ['consumers', '/consumers/x', {}],
  ['credentials', '/consumers/jack/credentials/x', {}],
  ['consumer_groups', '/consumer_groups/x', { plugins: {} }],
  ['plugin_configs', '/plugin_configs/x', { plugins: {} }],
  ['global_rules', '/global_rules/x', { plugins: {} }],
  ['ssls', '/ssls/x', { ...certificates.read('ca'), sni: 'a.b' }],
  ['secrets', '/secrets/vault/x', vault],
  ['secrets', '/secrets/aws/x', { access_key_id: 'a', secret_access_key: 'b' }],
  ['secrets', '/secrets/gcp/x', gcp],
  ['plugin_metadata', '/plugin_metadata/http-logger', {}],
  ['protos', '/protos/x', { content: 'message A {}' }],
  ['stream_routes', '/stream_routes/x', { upstream: { nodes } }],
  ['graphql_cost_decorations', '/services/shop/graphql_cost_decorations/x', { field_path: 'Query.a' }],
]

/** Of ssls the keys are not shown. */
const own = new Set(['id', 'create_time', 'update_time', 'service_id', 'key', 'keys'])

function withoutOwn(document: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !own.has(name)))
}

function asJson(document: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(document)) as JsonObject
}

/** Whether a write was taken; if not, the answer says why. */
async function isAccepted(write: Promise<Answer>): Promise<boolean> {
  const { status, text, json } = await write
  if (status >= 500) throw new Error(text)
  if (status >= 400) expect(json).toHaveProperty('error_msg')
  return status < 400
}

describe('documents from the schemas', () => {
  let plane: TestPlane
  beforeAll(async () => {
    const config = `${acceptingSettings}\napisix: {proxy_mode: http&stream}`
    plane = await startTestPlane({ plugins: built, config })
    await plane.put('/consumers', { username: 'jack' })
    await plane.put('/services/shop', {})
  })
  afterAll(async () => {
    await plane.close()
    certificates.remove()
  })

  it('leave no resource out', () => {
    expect(new Set(places.map(([collection]) => collection))).toEqual(new Set(resources.keys()))
  })

  it.each(places)('%s', async (collection, path, usable) => {
    const resource = resources.get(collection)
    if (resource === undefined) throw new Error(`there are no ${collection}`)
    const { schema, refuses } = resource.contract
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(documentFor(schema, usable), patchFor(schema), async (spoilt, patch) => {
        const document = collection === 'consumers' ? { ...spoilt, username: 'x' } : spoilt
        const sent = asJson(document)
        if (!(await isAccepted(plane.put(path, document)))) return
        accepted += 1
        expect(await stored(path)).toEqual(withoutOwn(sent))
        if (!refuses.includes('PATCH') && (await isAccepted(plane.patch(path, patch)))) {
          mergePatch(sent, asJson(patch))
          expect(await stored(path)).toEqual(withoutOwn(sent))
        }
        expect((await plane.delete(`${path}?force=true`)).status).toBe(200)
        if (refuses.includes('POST') || document['id'] !== undefined) return
        const posted = await plane.post(path.slice(0, path.lastIndexOf('/')), document)
        expect([posted.status, posted.text]).toEqual([201, expect.stringContaining('"id":"0')])
        const { key } = posted.json as { key: string }
        expect(await stored(key.slice('/apisix'.length))).toEqual(withoutOwn(asJson(document)))
        expect((await plane.delete(`${key.slice('/apisix'.length)}?force=true`)).status).toBe(200)
      }),
      { numRuns: RUNS },
    )
    // Otherwise all this would say nothing.
    expect(accepted).toBeGreaterThan(0)
  })

  async function stored(path: string): Promise<JsonObject> {
    const { json } = await plane.get(path)
    return withoutOwn(isJsonObject(json) && isJsonObject(json['value']) ? json['value'] : {})
  }

  it.each(built.map(({ name, schema }) => [name, schema.json] as const))('plugin %s', (name, schema) =>
    tryConfigs(name, schema, RUNS),
  )

  it.each(foreign.map(({ name, schema }) => [name, schema.json] as const))(
    'plugin %s, which is not run here',
    (name, schema) => tryConfigs(name, schema, FEW_RUNS),
  )

  async function tryConfigs(name: string, schema: object, numRuns: number): Promise<void> {
    await fc.assert(
      fc.asyncProperty(valueFor(schema), async (config) => {
        const written = await plane.put('/routes/x', { uri: '/a', plugins: { [name]: config } })
        if (written.status >= 500) throw new Error(written.text)
        if (written.status >= 400) return
        // JSON has no -0.
        const kept = { value: { plugins: asJson({ [name]: config }) } }
        expect((await plane.get('/routes/x')).json).toMatchObject(kept)
        expect((await plane.patch('/routes/x', { desc: 'x' })).status).toBe(200)
        expect((await plane.get('/routes/x')).json).toMatchObject(kept)
      }),
      { numRuns },
    )
  }

  it('paths and queries of any form', async () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'routes',
        'consumers',
        'credentials',
        'plugins',
        'schema',
        'validate',
        'list',
        '..',
        '',
      ),
      fc.string(),
    )
    const anyPath = fc
      .array(segment, { maxLength: 6 })
      .map((parts) => parts.map(encodeURIComponent).join('/'))
    const query = fc.dictionary(
      fc.constantFrom('page', 'page_size', 'name', 'uri', 'label', 'filter', 'ttl', 'all', 'subsystem'),
      fc.oneof(fc.string(), fc.integer().map(String)),
    )
    const method = fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE')
    await fc.assert(
      fc.asyncProperty(method, anyPath, query, fc.option(fc.json()), async (verb, path, args, body) => {
        const answer = await plane.call({
          method: verb,
          path: `/${path}?${new URLSearchParams(args).toString()}`,
          ...(body === null ? {} : { body }),
        })
        if (answer.status >= 500) throw new Error(answer.text)
        expect(answer.status).toBeGreaterThanOrEqual(200)
      }),
      { numRuns: 300 },
    )
  })
})
