import { describe, expect, test } from 'vitest'
import { compileSchema } from './index.ts'

function complaint(schema: object, value: unknown): string | undefined {
  return compileSchema(schema).check(value)
}

const text = { type: 'string' }
const requires = (...names: string[]) => ({ required: names })

describe('types', () => {
  test.each([
    [1, 'number'],
    [true, 'boolean'],
    [null, 'userdata'],
    [undefined, 'nil'],
    [[1], 'table'],
    [{ a: 1 }, 'table'],
  ])('%j is called %s', (value, word) => {
    expect(complaint(text, value)).toBe(`wrong type: expected string, got ${word}`)
  })

  test('several types are listed', () => {
    expect(complaint({ type: ['string', 'number'] }, true)).toBe(
      'wrong type: expected one of string, number, got boolean',
    )
  })

  test('the empty list and the empty object are the same thing, as in Lua', () => {
    expect(complaint({ type: 'object', required: ['a'] }, [])).toBe('property "a" is required')
    expect(complaint({ type: 'array', minItems: 1 }, {})).toBe('expect array to have at least 1 items')
    expect(complaint({ type: 'object' }, [1])).toBe('wrong type: expected object, got table')
  })
})

describe('objects', () => {
  test('the complaint about a member names the members on the way', () => {
    const schema = { type: 'object', properties: { a: { type: 'object', properties: { b: text } } } }
    expect(complaint(schema, { a: { b: 1 } })).toBe(
      'property "a" validation failed: property "b" validation failed: wrong type: expected string, got number',
    )
  })

  test('a missing member', () => {
    expect(complaint({ type: 'object', required: ['a'] }, {})).toBe('property "a" is required')
  })

  test('declared members are judged in their order, wrong and missing ones alike', () => {
    const schema = { type: 'object', properties: { a: text, b: text }, required: ['a', 'c'] }
    expect(complaint(schema, { b: 1 })).toBe('property "a" is required')
    expect(complaint(schema, { a: 'x', b: 1 })).toContain('property "b" validation failed')
    expect(complaint(schema, { a: 'x', b: 'x' })).toBe('property "c" is required')
  })

  test('dependencies', () => {
    const schema = { type: 'object', dependencies: { a: ['b'], c: { required: ['d'] } } }
    expect(complaint(schema, { a: 1 })).toBe('property "b" is required when "a" is set')
    expect(complaint(schema, { c: 1 })).toBe(
      'failed to validate dependent schema for "c": property "d" is required',
    )
  })

  test('further members', () => {
    expect(complaint({ type: 'object', additionalProperties: false }, { x: 1 })).toBe(
      'additional properties forbidden, found x',
    )
    expect(complaint({ type: 'object', additionalProperties: text }, { x: 1 })).toBe(
      'failed to validate additional property x: wrong type: expected string, got number',
    )
    expect(complaint({ type: 'object', patternProperties: { '^a/b': text } }, { 'a/b~': 1 })).toBe(
      'failed to validate a/b~ (matching "^a/b"): wrong type: expected string, got number',
    )
  })

  test('how many members', () => {
    expect(complaint({ type: 'object', minProperties: 1 }, {})).toBe(
      'expect object to have at least 1 properties',
    )
    expect(complaint({ type: 'object', maxProperties: 0 }, { a: 1 })).toBe(
      'expect object to have at most 0 properties',
    )
  })
})

describe('lists', () => {
  test('items are counted from 1', () => {
    expect(complaint({ type: 'array', items: text }, ['a', 1])).toBe(
      'failed to validate item 2: wrong type: expected string, got number',
    )
  })

  test('how many items', () => {
    expect(complaint({ type: 'array', minItems: 1 }, [])).toBe('expect array to have at least 1 items')
    expect(complaint({ type: 'array', maxItems: 1 }, [1, 2])).toBe('expect array to have at most 1 items')
  })

  test('twins', () => {
    const schema = { type: 'array', uniqueItems: true }
    expect(complaint(schema, ['a', 'b', 'b'])).toBe('expected unique items but items 2 and 3 are equal')
    expect(complaint(schema, [{ a: 1 }, 2, { a: 1 }])).toBe(
      'expected unique items but items 1 and 3 are equal',
    )
    expect(complaint(schema, [{ a: 1, b: 2 }, 'x', { b: 2, a: 1 }])).toBe(
      'expected unique items but items 1 and 3 are equal',
    )
  })

  test('tuples', () => {
    const schema = { type: 'array', items: [text] }
    expect(complaint({ ...schema, additionalItems: false }, ['a', 1])).toBe(
      'found unexpected extra items in array',
    )
    expect(complaint({ ...schema, additionalItems: text }, ['a', 1])).toBe(
      'failed to validate additional item 2: wrong type: expected string, got number',
    )
  })

  test('contains', () => {
    expect(complaint({ type: 'array', contains: text }, [1])).toBe('failed to check contains')
  })
})

describe('texts and numbers', () => {
  test('lengths count characters', () => {
    expect(complaint({ type: 'string', minLength: 3 }, 'é😀')).toBe(
      'string too short, expected at least 3, got 2',
    )
    expect(complaint({ type: 'string', maxLength: 1 }, 'é😀')).toBe(
      'string too long, expected at most 1, got 2',
    )
  })

  test('patterns and values are quoted as Lua quotes them', () => {
    const schema = { type: 'string', pattern: '^[a-zA-Z0-9_\\-]+$' }
    expect(complaint(schema, 'a b!')).toBe(
      String.raw`failed to match pattern "^[a-zA-Z0-9_\\-]+$" with "a b!"`,
    )
    expect(complaint(schema, 'a"\\\n\r1')).toBe(
      'failed to match pattern "^[a-zA-Z0-9_\\\\-]+$" with "a\\"\\\\\\\n\\0131"',
    )
  })

  test.each([
    [{ minimum: 1 }, 0, 'expected 0 to be at least 1'],
    [{ maximum: 1 }, 1.5, 'expected 1.5 to be at most 1'],
    [{ exclusiveMinimum: 0 }, 0, 'expected 0 to be greater than 0'],
    [{ exclusiveMaximum: 0 }, 1e15, 'expected 1e+15 to be smaller than 0'],
    [{ multipleOf: 2 }, 0.00001, 'expected 1e-05 to be a multiple of 2'],
  ])('%j refuses %d', (schema, value, expected) => {
    expect(complaint({ type: 'number', ...schema }, value)).toBe(expected)
  })

  test('enum, const, format', () => {
    expect(complaint({ enum: ['a'] }, 'b')).toBe('matches none of the enum values')
    expect(complaint({ const: 1 }, 2)).toBe('failed to check const value')
    expect(complaint({ type: 'string', format: 'ipv4' }, 'x')).toBe('expect valid ipv4 format but got: x')
    expect(complaint({ type: 'string', format: 'ipv6' }, 'x')).toBe('expect valid ipv6 format but got: x')
  })
})

describe('conditions', () => {
  test('anyOf lists what is required', () => {
    expect(complaint({ anyOf: [requires('a'), requires('b', 'c')] }, {})).toBe(
      'object matches none of the required: ["a"] or ["b","c"]',
    )
    expect(complaint({ anyOf: [text, { type: 'integer' }] }, true)).toBe(
      'object matches none of the required',
    )
  })

  test('oneOf', () => {
    const schema = { oneOf: [requires('a'), requires('b'), requires('c')] }
    expect(complaint(schema, {})).toBe('value should match only one schema, but matches none')
    expect(complaint(schema, { a: 1, c: 1 })).toBe(
      'value should match only one schema, but matches both schemas 1 and 3',
    )
  })

  test('allOf, not', () => {
    expect(complaint({ allOf: [{}, requires('a')] }, {})).toBe('allOf 2 failed: property "a" is required')
    expect(complaint({ not: requires('a') }, { a: 1 })).toBe("value wasn't supposed to match schema")
  })

  test('if, then, else', () => {
    const schema = {
      if: { properties: { type: { const: 'server' } } },
      // oxlint-disable-next-line unicorn/no-thenable
      then: requires('sni'),
      else: requires('key'),
    }
    expect(complaint(schema, { type: 'server' })).toBe('then clause did not match')
    expect(complaint(schema, { type: 'client' })).toBe('else clause did not match')
  })

  test('false refuses everything', () => {
    expect(complaint({ type: 'object', properties: { a: false } }, { a: 1 })).toBe(
      'property "a" validation failed: expect false always',
    )
  })

  test('members come before conditions', () => {
    const schema = { type: 'object', properties: { a: text }, anyOf: [requires('b')] }
    expect(complaint(schema, { a: 1 })).toContain('property "a"')
    expect(complaint(schema, {})).toBe('object matches none of the required: ["b"]')
  })

  test('a keyword without words of its own is named', () => {
    expect(complaint({ type: 'object', propertyNames: { maxLength: 1 } }, { ab: 1 })).toContain(
      'failed to check',
    )
  })
})
