import { describe, expect, test } from 'vitest'
import { isJsonObject } from '../schema/index.ts'
import { checkPluginConfig, defaultPluginNames, isOffByDefault, knownPlugin } from './index.ts'

const plugins = defaultPluginNames.map((name) => knownPlugin(name)).filter((one) => one !== undefined)

test('107 plugins, by descending priority', () => {
  expect(plugins).toHaveLength(107)
  expect(plugins.map(({ priority }) => priority)).toEqual(
    plugins.map(({ priority }) => priority).toSorted((a, b) => b - a),
  )
})

const missing = (schema: object | undefined, paths: readonly string[]) =>
  paths.filter((path) => !path.split('.').every((step) => JSON.stringify(schema).includes(`"${step}"`)))

describe.each(plugins)('$name', (plugin) => {
  const schemas = [plugin.schema, plugin.consumerSchema, plugin.metadataSchema].filter(
    (one) => one !== undefined,
  )

  test('its schemas compile and know objects only', () => {
    for (const schema of schemas) {
      expect(schema.check({ 'no such member': true }) ?? 'fine').not.toMatch(/^failed to check \w+ of/)
      if ('type' in schema.json) {
        expect(schema.check('a text')).toMatch(/^wrong type: expected object, got string$/)
      }
    }
  })

  test('its secrets are members', () => {
    expect(missing(plugin.schema.json, plugin.encryptFields)).toEqual([])
    expect(missing(plugin.consumerSchema?.json, plugin.consumerEncryptFields)).toEqual([])
    expect(missing(plugin.metadataSchema?.json, plugin.metadataEncryptFields)).toEqual([])
  })

  test('says in one sentence what it is for, and what each member is', () => {
    expect(plugin.description).toMatch(/^[A-Z].{10,110}\.$/)
    for (const { json } of [plugin.schema, ...(plugin.metadataSchema ? [plugin.metadataSchema] : [])]) {
      const members = 'properties' in json && isJsonObject(json.properties) ? json.properties : {}
      for (const member of Object.values(members)) {
        expect(member).toMatchObject({ description: expect.stringMatching(/^[A-Z].{4,110}\.$/) })
      }
    }
  })
})

test('plugins that are off by default are known by name, and no others', () => {
  expect(knownPlugin('opentelemetry')).toMatchObject({ priority: 12_009 })
  expect(isOffByDefault('opentelemetry')).toBe(true)
  expect(isOffByDefault('key-auth')).toBe(false)
  expect(knownPlugin('no-such-plugin')).toBeUndefined()
  expect(knownPlugin('toString')).toBeUndefined()
})

// Texts recorded from a running APISIX 3.18, where they begin with `failed to check`.
test.each<[string, unknown, string | undefined]>([
  ['no-such-plugin', {}, 'unknown plugin [no-such-plugin]'],
  ['limit-count', 'x', 'invalid plugin conf "x" for plugin [limit-count]'],
  [
    'limit-count',
    { count: -1, time_window: 60 },
    'failed to check the configuration of plugin limit-count err: property "count" validation failed: value should match only one schema, but matches none',
  ],
  ['limit-count', { count: -1, time_window: 60, _meta: { disable: true } }, undefined],
  ['limit-count', { count: 1, time_window: 60, _meta: { priority: 1 } }, undefined],
  [
    'limit-count',
    { count: 1, time_window: 60, _meta: { zz: 1 } },
    'failed to check the configuration of plugin limit-count err: property "_meta" validation failed: additional properties forbidden, found zz',
  ],
  [
    'cors',
    { _meta: { filter: [['arg_x', '??', '1']] } },
    "failed to validate the 'vars' expression: invalid operator '??'",
  ],
  [
    'ai-prompt-guard',
    { allow_patterns: ['('] },
    'failed to check the configuration of plugin ai-prompt-guard err: invalid allow_pattern: (',
  ],
])('%s %j on a route', (name, config, complaint) => {
  expect(checkPluginConfig(name, config, 'plain')).toBe(complaint)
})

test('consumers have a schema of their own where the plugin has one', () => {
  expect(checkPluginConfig('basic-auth', {}, 'plain')).toBeUndefined()
  expect(checkPluginConfig('basic-auth', { username: 'u' }, 'consumer')).toBe(
    'failed to check the configuration of plugin basic-auth err: property "password" is required',
  )
  expect(checkPluginConfig('limit-count', {}, 'consumer')).toMatch(/^failed to check/)
})
