import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  consumer,
  consumerGroup,
  credential,
  globalRule,
  pluginConfig,
  route,
  secretManagers,
  service,
  ssl,
  streamRoute,
  upstream,
  type Resource,
  type Route,
  type Upstream,
} from './index.ts'

const nodes = { '127.0.0.1:19101': 1 }
const good = { uri: '/a', upstream: { type: 'roundrobin', nodes } }

// Texts recorded from a running APISIX 3.18 where they begin with its own words.
describe('route', () => {
  test.each<[string, unknown, string]>([
    [
      'an empty list',
      [],
      'invalid configuration: allOf 1 failed: value should match only one schema, but matches none',
    ],
    [
      'an empty object',
      {},
      'invalid configuration: allOf 1 failed: value should match only one schema, but matches none',
    ],
    ['nothing', undefined, 'invalid configuration: wrong type: expected object, got nil'],
    [
      'an unknown member',
      { ...good, nope: 1 },
      'invalid configuration: additional properties forbidden, found nope',
    ],
    [
      'a wrong type',
      { ...good, uri: 12 },
      'invalid configuration: property "uri" validation failed: wrong type: expected string, got number',
    ],
    [
      'both uri and uris',
      { ...good, uris: ['/b'] },
      'invalid configuration: allOf 1 failed: value should match only one schema, but matches both schemas 1 and 2',
    ],
    [
      'an unknown method',
      { ...good, methods: ['FOO'] },
      'invalid configuration: property "methods" validation failed: failed to validate item 1: matches none of the enum values',
    ],
    [
      'a bad id',
      { ...good, id: 'bad id$' },
      'invalid configuration: property "id" validation failed: object matches none of the required',
    ],
    [
      'id 0',
      { ...good, id: 0 },
      'invalid configuration: property "id" validation failed: object matches none of the required',
    ],
    [
      'a bad address',
      { ...good, remote_addr: 'x.y' },
      'invalid configuration: property "remote_addr" validation failed: object matches none of the required',
    ],
    [
      'a short filter_func',
      { ...good, filter_func: 'function(' },
      'invalid configuration: property "filter_func" validation failed: string too short, expected at least 10, got 9',
    ],
    [
      'plugins of a wrong type',
      { ...good, plugins: 'x' },
      'invalid configuration: property "plugins" validation failed: wrong type: expected object, got string',
    ],
    [
      'an upstream without nodes',
      { uri: '/a', upstream: { type: 'roundrobin' } },
      'invalid configuration: property "upstream" validation failed: value should match only one schema, but matches none',
    ],
    [
      'nowhere to go',
      { uri: '/noups' },
      'invalid configuration: object matches none of the required: ["plugins","uri"] or ["upstream","uri"] or ["upstream_id","uri"] or ["service_id","uri"] or ["plugins","uris"] or ["upstream","uris"] or ["upstream_id","uris"] or ["service_id","uris"] or ["script","uri"] or ["script","uris"]',
    ],
    [
      'a bad operator',
      { ...good, vars: [['arg_x', '??', '1']] },
      "failed to validate the 'vars' expression: invalid operator '??'",
    ],
    [
      'a bad JSONPath',
      { ...good, vars: [['post_arg.messages[.role', '==', 'user']] },
      "failed to validate the 'vars' expression: invalid expression: $.messages[.role",
    ],
    [
      'a bare comparison',
      { ...good, vars: ['arg_x', '==', '1'] },
      "failed to validate the 'vars' expression: rule should be wrapped inside brackets",
    ],
    ['host and hosts', { ...good, host: 'a.com', hosts: ['b.com'] }, 'only one of host or hosts is allowed'],
    [
      'remote_addr and remote_addrs',
      { ...good, remote_addr: '::1', remote_addrs: ['::1'] },
      'only one of remote_addr or remote_addrs is allowed',
    ],
    [
      'an unfinished script',
      { ...good, script: 'local x = ' },
      `failed to load 'script' string: [string "local x = "]:1: unexpected symbol near '<eof>'`,
    ],
    [
      'a script',
      { ...good, script: 'return {x = 1}' },
      "failed to load 'script' string: Weir does not run Lua",
    ],
    [
      'a filter_func',
      { ...good, filter_func: 'function(vars) return true end' },
      "failed to load 'filter_func' string: Weir does not run Lua",
    ],
    [
      'script and plugins',
      { ...good, script: 'return {x = 1}', plugins: {} },
      "invalid configuration: value wasn't supposed to match schema",
    ],
  ])('refuses %s', (_what, document, complaint) => {
    expect(route.check(document)).toBe(complaint)
  })

  test('parses with defaults, and leaves the document as it was', () => {
    const document = { id: 1, ...good, labels: [] }
    expect(route.parse(document)).toEqual({
      ok: true,
      value: {
        id: 1,
        uri: '/a',
        priority: 0,
        status: 1,
        labels: {},
        upstream: { nodes, type: 'roundrobin', hash_on: 'vars', scheme: 'http', pass_host: 'pass' },
      },
    })
    expect(document).toEqual({ id: 1, ...good, labels: [] })
  })

  test('is typed', () => {
    expectTypeOf<Route['priority']>().toEqualTypeOf<number>()
    expectTypeOf<Route['upstream']>().toEqualTypeOf<Upstream | undefined>()
    expectTypeOf(route).toEqualTypeOf<Resource<Route>>()
    expectTypeOf<Upstream['scheme']>().toExtend<string>()
  })
})

describe('upstream', () => {
  const chash = { type: 'chash', nodes }
  test.each<[unknown, string]>([
    [
      { nodes: { 'a:80': -1 } },
      'invalid configuration: property "nodes" validation failed: object matches none of the required',
    ],
    [
      { nodes: [{ host: 'a', port: 65_536, weight: 1 }] },
      'invalid configuration: property "nodes" validation failed: object matches none of the required',
    ],
    [{ nodes: { '127.0.0.1:65536': 1 } }, 'invalid port 65536'],
    [
      { nodes: [{ host: '::1', port: 80, weight: 1 }] },
      "invalid configuration: IPv6 address must be enclosed with '[' and ']'",
    ],
    [{ nodes, pass_host: 'rewrite' }, "`upstream_host` can't be empty when `pass_host` is `rewrite`"],
    [chash, 'missing key'],
    [
      { ...chash, key: 'nope' },
      'invalid configuration: failed to match pattern "^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname|mqtt_client_id)|arg_[0-9a-zA-z_-]+)$" with "nope"',
    ],
    [
      { ...chash, hash_on: 'cookie', key: 'a b' },
      'invalid configuration: failed to match pattern "^[a-zA-Z0-9-_]+$" with "a b"',
    ],
    [
      { nodes, tls: { client_cert: 'x'.repeat(128) } },
      'invalid configuration: property "tls" validation failed: failed to validate dependent schema for "client_cert": property "client_key" is required',
    ],
    [
      { nodes, checks: { passive: {} } },
      'invalid configuration: property "checks" validation failed: object matches none of the required: ["active"] or ["active","passive"]',
    ],
  ])('refuses %j', (document, complaint) => {
    expect(upstream.check(document)).toBe(complaint)
  })

  test.each([
    { nodes: {} },
    { nodes: [{ host: '[::1]', port: 80, weight: 1 }] },
    { nodes, pass_host: 'rewrite', upstream_host: 'a.com' },
    { ...chash, key: 'arg_user' },
    { ...chash, hash_on: 'consumer' },
    { ...chash, hash_on: 'vars_combinations', key: '$remote_addr$arg_a' },
    { nodes, type: 'unheard-of' },
    { service_name: 'a', discovery_type: 'dns' },
  ])('takes %j', (document) => {
    expect(upstream.check(document)).toBeUndefined()
  })
})

test('the upstream in a service is checked too', () => {
  expect(service.check({ upstream: { type: 'chash', nodes } })).toBe('missing key')
  expect(streamRoute.check({ upstream: { type: 'chash', nodes } })).toBe('missing key')
  expect(service.check({})).toBeUndefined()
})

test('consumers have a name of letters, digits, dashes and underscores', () => {
  expect(consumer.check({ plugins: {} })).toBe('invalid configuration: property "username" is required')
  expect(consumer.check({ username: 'a b!' })).toBe(
    String.raw`invalid configuration: property "username" validation failed: failed to match pattern "^[a-zA-Z0-9_\\-]+$" with "a b!"`,
  )
  expect(consumer.check({ username: 'jack', group_id: 1 })).toBeUndefined()
})

test('credentials have one plugin and the id of their key', () => {
  const plugins = { 'key-auth': {} }
  expect(credential.check({ id: 'jack/credentials/a', plugins })).toBeUndefined()
  expect(credential.check({ id: 'a', plugins })).toBeUndefined()
  expect(credential.check({ id: 'j/credentials/', plugins })).toBe(
    'invalid configuration: property "id" validation failed: string too short, expected at least 15, got 14',
  )
  expect(credential.check({ plugins: { ...plugins, 'basic-auth': {} } })).toBe(
    'invalid configuration: property "plugins" validation failed: expect object to have at most 1 properties',
  )
  expect(credential.check({ plugins: { ...plugins, 'ai-consumer-rate-limiting': {} } })).toBeUndefined()
})

test.each([consumerGroup, pluginConfig, globalRule])('$collection have an id and plugins', (resource) => {
  expect(resource.check({ plugins: {} })).toBe('invalid configuration: property "id" is required')
  expect(resource.check({ id: '1' })).toBe('invalid configuration: property "plugins" is required')
  expect(resource.checkSchema({ id: '1' })).toBe('property "plugins" is required')
  expect(resource.check({ id: '1', plugins: {} })).toBeUndefined()
})

test('certificates come with their key and a name', () => {
  const pair = { cert: 'c'.repeat(128), key: 'k'.repeat(64) }
  expect(ssl.check({ sni: 'a.com', cert: 'x', key: 'y' })).toBe(
    'invalid configuration: property "key" validation failed: string too short, expected at least 64, got 1',
  )
  expect(ssl.check(pair)).toBe('invalid configuration: then clause did not match')
  expect(ssl.check({ ...pair, type: 'client' })).toBeUndefined()
  expect(ssl.check({ ...pair, sni: 'a.com', certs: [pair.cert] })).toBe('mismatched number of certs and keys')
})

test('secrets are checked by their manager', () => {
  expect(secretManagers['vault']?.check({ uri: 'nope' })).toBe(
    'invalid configuration: property "prefix" is required',
  )
  expect(secretManagers['gcp']?.check({})).toBe(
    'invalid configuration: value should match only one schema, but matches none',
  )
  expect(secretManagers['aws']?.parse({ access_key_id: 'a', secret_access_key: 'b' })).toMatchObject({
    value: { region: 'us-east-1' },
  })
})
