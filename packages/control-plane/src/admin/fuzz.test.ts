// Documents made from the schemas and then spoilt: whatever is sent, the answer is no 5xx, and what was accepted reads
// back as it was sent.
import fc from 'fast-check'
import { defaultPluginNames, isJsonObject, knownPlugin, type JsonObject } from '@weir/contract'
import { plugins as built } from '@weir/plugins'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptingSettings, startTestPlane, type TestPlane } from '../testing/test-plane.ts'
import { resources } from './resources.ts'

const RUNS = 150
/** There are a hundred of these, and all go the same way. */
const FEW_RUNS = 4

const foreign = defaultPluginNames
  .filter((name) => built.every((plugin) => plugin.name !== name))
  .flatMap((name) => knownPlugin(name) ?? [])

describe('documents from the schemas', () => {
  let plane: TestPlane
  beforeAll(async () => {
    plane = await startTestPlane({ plugins: built, config: acceptingSettings })
    await plane.put('/consumers', { username: 'jack' })
  })
  afterAll(() => plane.close())

  it.each([...resources.values()].map((resource) => [resource.contract.collection, resource] as const))(
    '%s',
    async (collection, { contract, idMember }) => {
      const path = collection === 'credentials' ? '/consumers/jack/credentials/x' : `/${collection}/x`
      const member = idMember === 'username' ? { username: 'x' } : {}
      await fc.assert(
        fc.asyncProperty(documentFor(contract.schema), async (spoilt) => {
          const document = { ...spoilt, ...member }
          const written = await plane.put(path, document)
          if (written.status >= 500) throw new Error(written.text)
          if (written.status >= 400) {
            expect(written.json).toHaveProperty('error_msg')
            return
          }
          const read = await plane.get(path)
          const value = isJsonObject(read.json) && isJsonObject(read.json['value']) ? read.json['value'] : {}
          const { create_time: _created, update_time: _updated, id: _id, ...rest } = value
          const { id: _given, ...sent } = JSON.parse(JSON.stringify(document)) as JsonObject
          expect(rest).toEqual(sent)
          expect((await plane.delete(`${path}?force=true`)).status).toBe(200)
        }),
        { numRuns: RUNS },
      )
    },
  )

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
        const read = await plane.get('/routes/x')
        expect(read.json).toMatchObject({
          value: { plugins: JSON.parse(JSON.stringify({ [name]: config })) },
        })
        expect((await plane.patch('/routes/x', { desc: 'x' })).status).toBe(200)
        expect((await plane.get('/routes/x')).json).toMatchObject({ value: { plugins: { [name]: config } } })
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

/** Values that a schema may admit, now and then replaced by something else altogether. */
function valueFor(schema: unknown, depth = 0): fc.Arbitrary<unknown> {
  if (!isJsonObject(schema) || depth > 4) return fc.jsonValue({ maxDepth: 2 })
  const options = [schema['anyOf'], schema['oneOf']].find(Array.isArray)
  const made =
    schema['type'] === undefined && options !== undefined
      ? fc.oneof(...options.map((one) => valueFor(one, depth + 1)))
      : ofType(schema, depth)
  return fc.oneof({ weight: 20, arbitrary: made }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) })
}

function ofType(schema: JsonObject, depth: number): fc.Arbitrary<unknown> {
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum'])
  switch (schema['type']) {
    case 'integer':
      return fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer(), fc.maxSafeInteger())
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ noNaN: true, noDefaultInfinity: true }))
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(valueFor(schema['items'], depth + 1), { maxLength: 3 })
    case 'object':
      return objectFor(schema, depth)
    default:
      return fc.oneof(
        fc.constantFrom('a', '/a', '127.0.0.1', '*.x', '$env://A'),
        fc.string({ unit: 'binary' }),
      )
  }
}

function objectFor(schema: JsonObject, depth: number): fc.Arbitrary<unknown> {
  const members = isJsonObject(schema['properties']) ? schema['properties'] : undefined
  if (members === undefined) return fc.dictionary(fc.string({ maxLength: 8 }), fc.integer({ min: 0, max: 2 }))
  const forbidden = new Set(['create_time', 'update_time'])
  const arbitraries = Object.fromEntries(
    Object.entries(members)
      .filter(([name]) => !forbidden.has(name))
      .map(([name, member]) => [name, name === 'plugins' ? pluginConfigs : valueFor(member, depth + 1)]),
  )
  return fc.record(arbitraries, { requiredKeys: Array.isArray(schema['required']) ? schema['required'] : [] })
}

const pluginConfigs = fc.dictionary(
  fc.constantFrom('key-auth', 'cors', 'limit-count', 'traffic-split', 'nope'),
  fc.oneof(
    fc.constantFrom(
      {},
      { key: 'a' },
      { count: 1, time_window: 2, redis_password: 'p' },
      { _meta: { disable: true } },
    ),
    fc.jsonValue({ maxDepth: 2 }),
  ),
  { maxKeys: 2 },
)

/** A few members at a time: with all of them hardly any document would be accepted. */
function documentFor(schema: object): fc.Arbitrary<JsonObject> {
  const nodes = { '127.0.0.1:1980': 1 }
  const usable = { uri: '/a', upstream: { nodes }, nodes, plugins: {} }
  return fc
    .tuple(objectFor({ ...schema, required: [] }, 0), fc.array(fc.nat(30), { maxLength: 4 }))
    .map(([made, picks]) => {
      const names = Object.keys(made as JsonObject)
      const chosen = names.filter((_, i) => picks.includes(i))
      const base = Object.entries(usable).filter(([name]) => hasMember(schema, name))
      return Object.fromEntries([
        ...base,
        ...chosen.map((name): [string, unknown] => [name, (made as JsonObject)[name]]),
      ])
    })
}

function hasMember(schema: object, name: string): boolean {
  return 'properties' in schema && isJsonObject(schema.properties) && Object.hasOwn(schema.properties, name)
}
