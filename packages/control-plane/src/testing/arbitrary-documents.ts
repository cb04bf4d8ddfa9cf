// Documents at random, from the schemas that they are to satisfy, and now and then spoilt.
import { isJsonObject, type JsonObject } from '@weir/contract'
import fc from 'fast-check'

/** Values that a schema may admit, now and then replaced by something else altogether. */
export function valueFor(schema: unknown, depth = 0): fc.Arbitrary<unknown> {
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

/**
 * A few members at a time: with all of them hardly any document would be accepted.
 * @param usable members that make a document acceptable by themselves; some are replaced.
 */
export function documentFor(schema: object, usable: JsonObject): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(objectFor({ ...schema, required: [] }, 0), fc.array(fc.nat(30), { maxLength: 4 }))
    .map(([made, picks]) => {
      const chosen = Object.entries(isJsonObject(made) ? made : {}).filter((_, i) => picks.includes(i))
      return Object.fromEntries([...Object.entries(usable), ...chosen])
    })
}

/** A merge patch: a few members, new ones or none. */
export function patchFor(schema: object): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(documentFor(schema, {}), fc.array(fc.nat(9), { maxLength: 2 }))
    .map(([members, removed]) =>
      Object.fromEntries(
        Object.entries(members).map(([name, value], i) => [name, removed.includes(i) ? null : value]),
      ),
    )
}
