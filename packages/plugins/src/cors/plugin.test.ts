import { complaintAbout, createTestHost, runPlugin } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { cors } from './plugin.ts'

const from = (origin: string | undefined, more: Record<string, string> = {}, method = 'POST') => ({
  request: { method, headers: { ...(origin !== undefined && { origin }), ...more } },
})

test('by default any page may call', async () => {
  const result = await runPlugin(cors, {}, from('http://o.com'))
  expect(result.header('access-control-allow-origin')).toBe('*')
  expect(result.header('access-control-allow-methods')).toBe('*')
  expect(result.header('access-control-allow-headers')).toBe('*')
  expect(result.header('access-control-max-age')).toBe('5')
  expect(result.header('access-control-expose-headers')).toBeUndefined()
  expect(result.header('vary')).toBeUndefined()
})

test('OPTIONS is answered at once', async () => {
  const asks = { 'access-control-request-headers': 'x-a' }
  const config = { allow_origins: '**', allow_methods: '**', allow_headers: '**', allow_credential: true }
  const result = await runPlugin(cors, config, from('http://o.com', asks, 'OPTIONS'))
  expect(result).toMatchObject({ status: 200, source: 'apisix', text: '' })
  expect(result.header('access-control-allow-origin')).toBe('http://o.com')
  expect(result.header('access-control-allow-headers')).toBe('x-a')
  expect(result.header('access-control-allow-methods')).toContain('GET,POST,PUT')
  expect(result.header('access-control-allow-credentials')).toBe('true')
  expect(result.header('vary')).toBe('Origin')
})

test.each([
  [{ allow_origins: 'http://a.com,http://b.com' }, 'http://b.com', 'http://b.com'],
  [{ allow_origins: 'http://a.com,http://b.com' }, 'http://c.com', undefined],
  [{ allow_origins: 'http://a.com' }, 'http://c.com', undefined],
  [{ allow_origins: '**' }, undefined, '*'],
  [{ allow_origins_by_regex: ['.*\\.a\\.com$'] }, 'http://x.a.com', 'http://x.a.com'],
  [{ allow_origins_by_regex: ['.*\\.a\\.com$'] }, 'http://x.b.com', undefined],
  [{ allow_origins_by_regex: ['(?i)^http://[[:alpha:]]+\\.A\\.com$'] }, 'http://x.a.com', 'http://x.a.com'],
  [{ allow_origins_by_regex: ['.*'] }, `http://${'x'.repeat(5000)}`, undefined],
  [{ allow_origins: 'http://a.com', allow_origins_by_metadata: ['k'] }, 'http://m.com', 'http://m.com'],
  [{ allow_origins: 'http://a.com', allow_origins_by_metadata: ['z'] }, 'http://m.com', undefined],
])('%j, from %s: %s', async (config, origin, allowed) => {
  const host = createTestHost({ metadata: () => ({ allow_origins: { k: 'http://m.com' } }) })
  const result = await runPlugin(cors, config, { host, ...from(origin) })
  expect(result.header('access-control-allow-origin')).toBe(allowed)
  expect(result.header('access-control-allow-methods')).toBe(allowed === undefined ? undefined : '*')
  expect(result.header('vary')).toBe('Origin')
})

test('lists of the metadata stand in the place of the default, which is any page', async () => {
  const lists = { k: 'http://m.com', any: '*' }
  const run = async (origin: string | undefined, names: readonly string[], allow_origins: object = lists) => {
    const host = createTestHost({ metadata: () => ({ allow_origins }) })
    const result = await runPlugin(cors, { allow_origins_by_metadata: names }, { host, ...from(origin) })
    return result.header('access-control-allow-origin')
  }
  expect(await run('http://m.com', ['k'])).toBe('http://m.com')
  expect(await run('http://other.com', ['k'])).toBeUndefined()
  expect(await run('http://other.com', ['k', 'any'])).toBe('http://other.com')
  expect(await run(undefined, ['any'])).toBeUndefined()
  expect(await run('http://m.com', ['k'], {})).toBeUndefined()
  const bare = await runPlugin(cors, { allow_origins_by_metadata: ['k'] }, from('http://m.com'))
  expect(bare.header('access-control-allow-origin')).toBeUndefined()
  expect(bare.header('vary')).toBe('Origin')
})

test('headers that are not to be shown are not named', async () => {
  const { header } = await runPlugin(cors, { expose_headers: '' }, from('http://o.com'))
  expect(header('access-control-expose-headers')).toBeUndefined()
})

const upstream = () => ({
  status: 200,
  headers: ['access-control-allow-origin', 'http://theirs.com'],
  source: 'upstream' as const,
  body: '',
})

test('the upstream’s own word is replaced, and times are for whom they are', async () => {
  const config = { timing_allow_origins: 'http://o.com', expose_headers: 'x-b' }
  const result = await runPlugin(cors, config, { upstream, ...from('http://o.com') })
  expect(result.header('access-control-allow-origin')).toBe('*')
  expect(result.header('timing-allow-origin')).toBe('http://o.com')
  expect(result.header('access-control-expose-headers')).toBe('x-b')
})

test.each([
  [{ allow_origins: 'a.com' }, /allow_origins/],
  [{ allow_credential: true }, "you can not set '*' for other option when 'allow_credential' is true"],
  [{ allow_origins_by_regex: ['('] }, /no regular expression/],
])('%j: %s', (config, complaint) => {
  expect(complaintAbout(cors, config)).toMatch(complaint)
})
