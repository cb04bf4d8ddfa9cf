import { expect, expectTypeOf, test } from 'vitest'
import { defineSchema, type Schema, type Static } from './index.ts'

const schema = defineSchema({
  type: 'object',
  properties: {
    name: { type: 'string' },
    limit: { oneOf: [{ type: 'integer' }, { type: 'string' }] },
    policy: { type: 'string', enum: ['local', 'redis'], default: 'local' },
  },
  required: ['name'],
  additionalProperties: false,
  oneOf: [{ required: ['limit'] }, { required: ['policy'] }],
})

function declare<T>(described: Schema<T>, use: (value: T) => string): string {
  const parsed = described.parse({ a: 'x' })
  return parsed.ok ? use(parsed.value) : parsed.error
}

test('a schema carries the type of its parsed values', () => {
  expectTypeOf<Static<typeof schema>>().toEqualTypeOf<{
    name: string
    policy: 'local' | 'redis'
    limit?: string | number
  }>()
})

test('a schema written inline in a declaration gives its type to the rest of it', () => {
  const answer = declare(
    defineSchema({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }),
    (value) => value.a.toUpperCase(),
  )
  expect(answer).toBe('X')
})

test('a schema can be a part of another', () => {
  const outer = defineSchema({
    type: 'object',
    properties: { inner: schema.json },
    required: ['inner'],
    additionalProperties: false,
  })
  expectTypeOf<Static<typeof outer>['inner']['policy']>().toEqualTypeOf<'local' | 'redis'>()
  expect(outer.parse({ inner: { name: 'a', limit: 1 } }).ok).toBe(false)
})
