import { expect, test } from 'vitest'
import { checkPluginConfig } from '../index.ts'

const complaintOf = (name: string, config: unknown, place: 'plain' | 'consumer' = 'plain') =>
  checkPluginConfig(name, config, place)?.replace(
    /^failed to check the configuration of plugin \S+ err: /,
    '',
  )

const sharedCount = { count: 1, time_window: 60, policy: 'redis', redis_host: 'localhost' }

// What contract/common-plugins.md and ai-plugins.md say about each.
test.each<[string, object, string | undefined]>([
  [
    'cors',
    { allow_credential: true },
    "you can not set '*' for other option when 'allow_credential' is true",
  ],
  [
    'cors',
    { allow_credential: true, allow_origins: 'http://a.com', allow_methods: 'GET', allow_headers: 'a' },
    undefined,
  ],
  ['ip-restriction', { whitelist: ['10.0.0.0/8', '::1', 'fe80::/10'] }, undefined],
  ['ip-restriction', { whitelist: ['fe80::/200'] }, 'invalid ip address: fe80::/200'],
  [
    'limit-count',
    { count: 1, rules: [{ count: 1, time_window: 1, key: 'a' }] },
    'count/time_window and rules cannot be specified at the same time',
  ],
  [
    'limit-count',
    { count: 1, time_window: 1, rules: [{ count: 1, time_window: 1, key: 'a' }] },
    'count/time_window and rules cannot be specified at the same time',
  ],
  ['limit-count', { count: 1 }, 'value should match only one schema, but matches none'],
  [
    'limit-count',
    { group: 'g', rules: [{ count: 1, time_window: 1, key: 'a' }] },
    'group and rules cannot be specified at the same time',
  ],
  [
    'limit-count',
    {
      rules: [
        { count: 1, time_window: 1, key: 'a' },
        { count: 2, time_window: 2, key: 'a' },
      ],
    },
    "duplicate key 'a' in rules",
  ],
  ['limit-count', { ...sharedCount, sync_interval: 0.01 }, 'sync_interval should not be smaller than 0.1'],
  ['limit-count', { ...sharedCount, sync_interval: 60 }, 'sync_interval should be smaller than time_window'],
  ['limit-count', { ...sharedCount, sync_interval: 1 }, undefined],
  ['limit-count', { count: 1, time_window: 60, sync_interval: 60 }, undefined],
  ['workflow', { rules: [{ actions: [['return', { code: 403 }]] }] }, undefined],
  ['workflow', { rules: [{ actions: [['limit-req', {}]] }] }, 'unsupported action: limit-req'],
  [
    'workflow',
    { rules: [{ actions: [['return', { code: 1 }]] }] },
    `failed to validate the 'return' action: property "code" validation failed: expected 1 to be at least 100`,
  ],
  [
    'workflow',
    { rules: [{ actions: [['limit-count', { count: 1, time_window: 1, group: 'g' }]] }] },
    "failed to validate the 'limit-count' action: group is not supported",
  ],
  [
    'workflow',
    { rules: [{ case: [['uri', '??', 1]], actions: [['return', { code: 403 }]] }] },
    "failed to validate the 'case' expression: invalid operator '??'",
  ],
  ['multi-auth', { auth_plugins: [{ 'key-auth': {} }, { 'basic-auth': {} }] }, undefined],
  ['multi-auth', { auth_plugins: [{ nope: {} }, { 'key-auth': {} }] }, 'nope plugin did not found'],
  ['multi-auth', { auth_plugins: [{ cors: {} }, { 'key-auth': {} }] }, 'cors plugin is not supported'],
  [
    'multi-auth',
    { auth_plugins: [{ 'key-auth': { header: 1 } }, { 'basic-auth': {} }] },
    'plugin key-auth check schema failed: property "header" validation failed: wrong type: expected string, got number',
  ],
  ['proxy-rewrite', { regex_uri: ['^/a/(.*)', '/$1'] }, undefined],
  ['proxy-rewrite', { regex_uri: ['a', 'b', 'c'] }, 'The length of regex_uri should be an even number'],
  ['response-rewrite', { body: 'not base 64', body_base64: true }, 'invalid base64 content'],
  ['response-rewrite', { body: 'aGVsbG8=', body_base64: true }, undefined],
  [
    'response-rewrite',
    { vars: [['status', '??', 200]] },
    "failed to validate the 'vars' expression: invalid operator '??'",
  ],
  [
    'redirect',
    { http_to_https: true, append_query_string: true },
    'only one of `http_to_https` and `append_query_string` can be configured.',
  ],
  [
    'traffic-split',
    { rules: [{ match: [{ vars: [['uri', '??', 1]] }], weighted_upstreams: [{ weight: 1 }] }] },
    "failed to validate the 'vars' expression: invalid operator '??'",
  ],
  ['fault-injection', { abort: { http_status: 500, vars: [[['uri', '??', 1]]] } }, "invalid operator '??'"],
  [
    'ai-request-rewrite',
    { prompt: 'p', provider: 'openai-compatible', auth: { header: { a: 'b' } } },
    'override.endpoint is required for openai-compatible provider',
  ],
])('%s %j', (name, config, complaint) => {
  expect(complaintOf(name, config)).toBe(complaint)
})

test.each([
  ['proxy-rewrite', { regex_uri: ['(', 'b'] }, /^invalid regex_uri\(\(, b\): /],
  ['response-rewrite', { filters: [{ regex: '(', replace: '' }] }, /^regex "\(" validation failed: /],
  ['uri-blocker', { block_rules: ['('] }, /regular expression/],
  ['ua-restriction', { denylist: ['('] }, /regular expression/],
])('%s %j is refused in the words of the engine', (name, config, complaint) => {
  expect(complaintOf(name, config)).toMatch(complaint)
})

test.each<[object, string | undefined]>([
  [{ key: 'k', secret: 's' }, undefined],
  [{ key: 'k' }, 'property "secret" is required when using HS based algorithms'],
  [
    { key: 'k', secret: '!', base64_secret: true },
    'base64_secret required but the secret is not in base64 format',
  ],
  [{ key: 'k', secret: '$env://S', base64_secret: true }, undefined],
  [{ key: 'k', algorithm: 'RS256', public_key: 'p' }, undefined],
])('a jwt-auth consumer %j', (config, complaint) => {
  expect(complaintOf('jwt-auth', config, 'consumer')).toBe(complaint)
})
