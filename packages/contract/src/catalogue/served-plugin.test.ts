import { expect, test } from 'vitest'
import {
  defaultPluginNames,
  defaultStreamPluginNames,
  knownPlugin,
  mainSchema,
  mainSchemas,
  servedConsumerSchema,
  servedPlugin,
  servedSchema,
  servedStreamPlugin,
} from './index.ts'

test('a plugin is shown as APISIX shows it', () => {
  const keyAuth = knownPlugin('key-auth')
  expect(keyAuth && servedConsumerSchema(keyAuth)).toEqual({
    type: 'object',
    properties: { key: { type: 'string' } },
    required: ['key'],
    encrypt_fields: ['key'],
  })
  expect(keyAuth && servedPlugin(keyAuth)).toMatchObject({
    version: 0.1,
    priority: 2500,
    type: 'auth',
    schema: {
      description: 'Knows callers by a key in a header or in the query.',
      properties: { header: { default: 'apikey' }, _meta: { additionalProperties: false } },
    },
  })
})

test('all plugins can be shown', () => {
  for (const name of defaultPluginNames) {
    const plugin = knownPlugin(name)
    expect(plugin && JSON.stringify(servedSchema(plugin))).toContain('"_meta"')
  }
  expect(defaultStreamPluginNames.map((name) => servedStreamPlugin(name)?.version)).toHaveLength(5)
  expect(servedStreamPlugin('mqtt-proxy')).toMatchObject({ priority: 1000 })
  expect(servedStreamPlugin('cors')).toBeUndefined()
})

test('schemas of resources by name', () => {
  expect(Object.keys(mainSchemas())).toHaveLength(14)
  expect(mainSchema('credential')).toMatchObject({ type: 'object' })
  expect(mainSchema('route')).toMatchObject({
    properties: { uri: { description: 'The path; a star at the end stands for anything.', maxLength: 4096 } },
  })
  expect(mainSchema('plugins')).toMatchObject({ type: 'array' })
  expect(mainSchema('routes')).toBeUndefined()
  expect(mainSchema('toString')).toBeUndefined()
})
