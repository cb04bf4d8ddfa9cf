import { expect, test } from 'vitest'
import { loadSeed, parseSeed, seedNames } from './seeds.ts'

const values = {
  CLOUD: 'c:1',
  SELF_HOSTED_B: 'b:2',
  SELF_HOSTED_C: 's:3',
  MODERATION: 'm:4',
  MODERATION_KEY_ID: 'id',
  MODERATION_KEY_SECRET: 'se"cret',
}

test('every seed loads, with each value in its place', async () => {
  const names = await seedNames()
  expect(names).toEqual(['fallback', 'moderation', 'quotas'])
  const seeds = await Promise.all(names.map((name) => loadSeed(name, values)))
  const text = JSON.stringify(seeds)
  for (const value of Object.values(values)) expect(text).toContain(JSON.stringify(value).slice(1, -1))
  expect(text).not.toContain('{{')
})

test('a missing value and a document that is no seed are named', () => {
  expect(() => parseSeed('x', '{"a": "{{HOST}}"}', {})).toThrow('seed x needs a value for HOST')
  expect(() => parseSeed('x', '{"title": "t", "puts": [{"path": 1}]}', {})).toThrow(
    'seed x must have a title',
  )
})
