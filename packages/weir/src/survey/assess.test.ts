import { createCipher, type JsonObject } from '@weir/contract'
import { PluginCatalog } from '@weir/data-plane/check'
import { plugins as builtIn } from '@weir/plugins'
import { describe, expect, test } from 'vitest'
import { assess, type Judges } from './assess.ts'
import { encryptedFieldsOf } from './known-fields.ts'

const run = ['ai-proxy', 'ai-proxy-multi', 'ai-rate-limiting', 'key-auth']
const runHere = builtIn.filter(({ name }) => run.includes(name))
const keyring = ['qeddd145sfvddff3', 'edd1c9f0985e76a2']
const cipher = createCipher(keyring)
const judges: Judges = {
  catalog: new PluginCatalog({ plugins: runHere, enabled: undefined, ignored: ['gzip'] }),
  vault: { keyring, cipher, encryptsFields: true },
  fields: encryptedFieldsOf(runHere),
  keysWithheld: false,
  refusesUnknown: false,
}

function judge(key: string, value: JsonObject | string, other: Partial<Judges> = {}) {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return assess({ key, value: text, createRevision: 1, modRevision: 1 }, { ...judges, ...other })
}

const consumer = (key: string) => ({ username: 'a', plugins: { 'key-auth': { key } } })
const upstream = { type: 'roundrobin', nodes: { '127.0.0.1:80': 1 } }
const route = (more: JsonObject) => ({ uri: '/*', upstream, ...more })

test('an ordinary route runs', () => {
  expect(judge('/routes/1', route({}))).toMatchObject({
    reasons: [],
    differences: [],
    notes: [],
    blocks: false,
  })
})

describe('refused, and why', () => {
  test.each([
    ['no JSON', '/routes/1', 'init', 'it is not a JSON object'],
    ['no object', '/routes/1', '[]', 'it is not a JSON object'],
    ['not what the schema says', '/routes/1', { uri: 1 }, 'wrong type: expected string, got number'],
    [
      'a plugin of APISIX',
      '/routes/1',
      route({ plugins: { cors: {} } }),
      'plugin cors is not run by this build: requests',
    ],
    [
      'a plugin of somebody',
      '/services/1',
      { plugins: { mine: {} } },
      "plugin mine is none of APISIX 3.18's",
    ],
    ['a plugin for everybody', '/global_rules/1', { plugins: { cors: {} } }, 'every request is answered 503'],
    [
      'a way to log in',
      '/consumers/a',
      { username: 'a', plugins: { 'basic-auth': { username: 'a', password: 'b' } } },
      'nobody is recognised by it',
    ],
    ['metadata', '/plugin_metadata/cors', {}, 'nothing reads its metadata'],
    ['Lua', '/routes/1', route({ filter_func: 'function(vars) return true end' }), 'Weir does not run Lua'],
    ['gRPC', '/upstreams/1', { ...upstream, scheme: 'grpc' }, 'upstreams of scheme grpc are answered 503'],
    [
      'discovery',
      '/routes/1',
      { uri: '/', upstream: { service_name: 'a', discovery_type: 'dns' } },
      'no service discovery',
    ],
    ['protos', '/protos/1', { content: 'syntax = "proto3";' }, 'only grpc-transcode reads protos'],
    ['a stream route', '/stream_routes/1', { server_port: 1, upstream }, 'does not proxy TCP and UDP'],
    [
      'a decoration',
      '/services/1/graphql_cost_decorations/2',
      { field_path: 'a.b' },
      'only graphql-limit-count',
    ],
    ['no secret manager', '/secrets/mine/1', {}, 'invalid secret manager: mine'],
    ['a key of no form', '/routes/a/b', {}, 'its key names no document'],
  ])('%s', (_what, key, value, reason) => {
    expect(judge(key, value).reasons.join()).toContain(reason)
  })

  test('a configuration that APISIX would refuse, of a plugin that is not run', () => {
    const judgement = judge('/routes/1', route({ plugins: { 'limit-count': { count: 'x' } } }))
    expect(judgement).toMatchObject({ fault: 'invalid', plain: undefined })
  })

  test('a switched-off plugin is no reason', () => {
    expect(judge('/routes/1', route({ plugins: { cors: { _meta: { disable: true } } } })).reasons).toEqual([])
  })
})

describe('different, and how', () => {
  const llm = { 'ai-proxy': { provider: 'openai', auth: { header: { a: 'b' } } } }
  test.each([
    [
      'names',
      '/upstreams/1',
      { type: 'chash', key: 'uri', nodes: { 'example.com:80': 1 } },
      'know nodes by their names',
    ],
    ['cut streams', '/routes/1', { uri: '/', plugins: llm }, 'ends with an error event'],
    [
      'keys',
      '/routes/1',
      { uri: '/', plugins: { ...llm, 'key-auth': {} } },
      'the key of key-auth does not go on',
    ],
    [
      'quotas',
      '/routes/1',
      route({ plugins: { 'ai-rate-limiting': { limit: 1, time_window: 1 } } }),
      'calls in flight count as used',
    ],
    ['left out', '/routes/1', route({ plugins: { gzip: {} } }), 'plugin gzip is left out knowingly'],
  ])('%s', (_what, key, value, difference) => {
    const judgement = judge(key, value)
    expect(judgement.reasons).toEqual([])
    expect(judgement.differences.join()).toContain(difference)
  })
})

describe('references', () => {
  test('are those of ids and of secrets', () => {
    const key = '$secret://vault/1/jack/key'
    const { references } = judge('/routes/1', { uri: '/', service_id: 's', upstream_id: 7, plugins: {} })
    expect(references).toEqual(['/services/s', '/upstreams/7'])
    const jack = { username: 'jack', group_id: 'g', plugins: { 'key-auth': { key: cipher.encrypt(key) } } }
    expect(judge('/consumers/jack', jack).references).toEqual(['/consumer_groups/g', '/secrets/vault/1'])
    expect(judge('/consumers/jack/credentials/1', { plugins: {} }).references).toEqual(['/consumers/jack'])
  })

  test('to variables that are not set are noted', () => {
    const plugins = { 'key-auth': { key: '$env://WEIR_NO_SUCH_VARIABLE' } }
    const { reasons, notes } = judge('/consumers/a', { username: 'a', plugins })
    expect(reasons).toEqual([])
    expect(notes.join()).toContain('$env://WEIR_NO_SUCH_VARIABLE')
  })
})

describe('secrets', () => {
  test('that no key decrypts are a fault, plain ones and hexadecimal ones are not', () => {
    const foreign = createCipher(['another-key-1234']).encrypt('secret')
    expect(judge('/consumers/a', consumer(foreign))).toMatchObject({
      fault: 'undecryptable',
      reasons: ['no key of the keyring decrypts key-auth.key'],
    })
    for (const key of ['jack', '0123456789abcdef'.repeat(4), cipher.encrypt('jack')]) {
      expect(judge('/consumers/a', consumer(key)).reasons).toEqual([])
    }
  })

  test('of plugins that are not run are looked at as well', () => {
    const foreign = createCipher(['another-key-1234']).encrypt('secret')
    const plugins = { 'basic-auth': { username: 'a', password: foreign } }
    expect(judge('/consumers/a', { username: 'a', plugins }).fault).toBe('undecryptable')
  })

  test('are in no message', () => {
    const auth = { gcp: { service_account_json: 'top "secret"' }, header: { a: 'sk-secret' } }
    const config = { provider: 'sk-secret', auth, override: { endpoint: 'sk-secret' } }
    const judgement = judge('/routes/1', { uri: '/', plugins: { 'ai-proxy': config } })
    expect(judgement.reasons).not.toEqual([])
    expect(JSON.stringify(judgement.reasons)).not.toContain('secret')
  })

  test('keys of certificates that an Admin API does not show are withheld', () => {
    const ssl = { cert: 'x', sni: 'a.com' }
    expect(judge('/ssls/1', ssl, { keysWithheld: true })).toMatchObject({ fault: 'withheld' })
    expect(judge('/ssls/1', ssl)).toMatchObject({ fault: 'invalid' })
  })
})
