import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { defaultPluginNames, knownPlugin, mainSchema, pluginFacts } from '../index.ts'

const { cache } = createRequire(import.meta.url)
const filesRead = () =>
  Object.keys(cache)
    .filter((path) => path.includes('/catalogue/'))
    .map((path) => path.split('/').at(-1))

test('the schema of a plugin is read when it is first asked for, and no other', () => {
  expect(defaultPluginNames.map((name) => pluginFacts(name))).toHaveLength(107)
  expect(filesRead()).toEqual([])
  expect(knownPlugin('gzip')).toBe(knownPlugin('gzip'))
  expect(filesRead()).toEqual(['gzip.json'])
  expect(mainSchema('route')).toBeDefined()
  expect(filesRead()).toEqual(['gzip.json', 'resource-prose.json'])
})
