import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileSchema, defineSchema, withPluginMeta } from './index.ts'

function parsed(schema: object, value: unknown): unknown {
  const result = compileSchema(schema).parse(value)
  return result.ok ? result.value : result.error
}

const policySchema = { type: 'string', enum: ['local', 'redis', 'redis-cluster'], default: 'local' } as const

/* oxlint-disable unicorn/no-thenable -- JSON Schema's word */
const policyConditions = {
  if: { properties: { policy: { enum: ['redis'] } } },
  then: {
    properties: { redis_host: { type: 'string' }, redis_port: { type: 'integer', default: 6379 } },
    required: ['redis_host'],
  },
  else: {
    if: { properties: { policy: { enum: ['redis-cluster'] } } },
    then: { properties: { redis_cluster_nodes: { type: 'array' } }, required: ['redis_cluster_nodes'] },
  },
} as const
/* oxlint-enable unicorn/no-thenable */

function inner(value: number): object {
  return { type: 'object', properties: { v: { type: 'integer', default: value } } }
}

describe('defaults', () => {
  test('are filled in where objects are present, and only there', () => {
    const schema = {
      type: 'object',
      properties: {
        a: { type: 'integer', default: 1 },
        inner: { type: 'object', properties: { b: { type: 'boolean', default: false } } },
        whole: {
          type: 'object',
          properties: { d: { type: 'integer', default: 4 } },
          default: { c: 3 },
        },
        list: {
          type: 'array',
          items: { type: 'object', properties: { e: { type: 'integer', default: 5 } } },
        },
      },
    }
    expect(parsed(schema, {})).toEqual({ a: 1, whole: { c: 3 } })
    expect(parsed(schema, { inner: {}, whole: {}, list: [{}] })).toEqual({
      a: 1,
      inner: { b: false },
      whole: { d: 4 },
      list: [{ e: 5 }],
    })
  })

  test('are filled in for members declared by pattern, and for all others', () => {
    const schema = {
      type: 'object',
      patternProperties: { '^a': inner(1), '^b': inner(2) },
      additionalProperties: inner(3),
    }
    expect(parsed(schema, { ax: {}, bx: {}, cx: {} })).toEqual({ ax: { v: 1 }, bx: { v: 2 }, cx: { v: 3 } })
  })

  test('do not stand in for a required member', () => {
    const schema = { type: 'object', properties: { a: { default: 1 } }, required: ['a'] }
    expect(parsed(schema, {})).toBe('property "a" is required')
  })

  test('are there before conditions are judged', () => {
    const schema = {
      type: 'object',
      properties: { policy: policySchema },
      ...policyConditions,
    }
    expect(parsed(schema, {})).toEqual({ policy: 'local' })
    expect(parsed(schema, { policy: 'redis' })).toBe('then clause did not match')
    expect(parsed(schema, { policy: 'redis', redis_host: 'h1' })).toMatchObject({ redis_port: 6379 })
    expect(parsed(schema, { policy: 'redis-cluster' })).toBe('else clause did not match')
  })

  test('are copies, so that no configuration sees another one change', () => {
    const schema = { type: 'object', properties: { list: { type: 'array', default: [1] } } }
    const validator = compileSchema<{ list: number[] }>(schema)
    const first = validator.parse({})
    if (first.ok) first.value.list.push(2)
    expect(validator.parse({})).toEqual({ ok: true, value: { list: [1] } })
  })
})

test('the value that is checked or parsed is left as it was', () => {
  const validator = compileSchema({
    type: 'object',
    properties: { a: { default: 1 }, b: { properties: { c: { default: 1 } } } },
    patternProperties: { '^x': { type: 'object', properties: { d: { default: [] } } } },
  })
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'x', '__proto__'), fc.jsonValue()), (value) => {
      const before = JSON.stringify(value)
      validator.check(value)
      const result = validator.parse(value)
      if (result.ok) Object.assign(Object(result.value), { added: true })
      expect(JSON.stringify(value)).toBe(before)
    }),
  )
})

test('a member named __proto__ is an ordinary member', () => {
  const value: unknown = JSON.parse('{"__proto__": {"polluted": true}}')
  const result = compileSchema({ type: 'object' }).parse(value)
  expect(JSON.stringify(result)).toBe('{"ok":true,"value":{"__proto__":{"polluted":true}}}')
  expect(Object.hasOwn({}, 'polluted')).toBe(false)
})

test('a default need not be as long as what is given, in configurations of plugins', () => {
  const base_uri = { type: 'string', minLength: 2, default: '' } as const
  const { parse, check } = compileSchema({ type: 'object', properties: { base_uri } }, { references: true })
  expect(parse({})).toEqual({ ok: true, value: { base_uri: '' } })
  expect(check({ base_uri: '' })).toBeUndefined()
  expect(check({ base_uri: 'a' })).toContain('string too short, expected at least 2, got 1')
})

describe('references', () => {
  const json = {
    type: 'object',
    properties: {
      key: { type: 'string', minLength: 20, maxLength: 30, pattern: '^k' },
      one: { type: 'string', enum: ['a'] },
      ip: { type: 'string', format: 'ipv4' },
      count: { type: 'integer' },
    },
  } as const

  test('pass the constraints on texts in plugin configurations', () => {
    const schema = defineSchema(json)
    expect(schema.check({ key: '$secret://a', one: '$ENV://B', ip: '$env://C' })).toBeUndefined()
    expect(schema.check({ key: 'secret://a' })).toContain('property "key" validation failed')
    expect(schema.check({ one: '$other://a' })).toContain('matches none of the enum values')
    expect(schema.check({ count: '$env://A' })).toContain('expected integer, got string')
  })

  test('do not pass elsewhere', () => {
    expect(compileSchema(json).check({ one: '$env://B' })).toContain('matches none of the enum values')
  })

  test('do not fulfil a condition', () => {
    const schema = defineSchema({
      type: 'object',
      properties: { policy: policySchema },
      ...policyConditions,
    })
    expect(schema.check({ policy: '$env://POLICY' })).toBeUndefined()
  })
})

test('every plugin schema takes _meta', () => {
  const schema = withPluginMeta(
    defineSchema({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }),
  )
  expect(schema.check({ a: 'x', _meta: { disable: true, priority: 1 } })).toBeUndefined()
  expect(schema.check({ _meta: { zz: 1 } })).toBe(
    'property "_meta" validation failed: additional properties forbidden, found zz',
  )
})
