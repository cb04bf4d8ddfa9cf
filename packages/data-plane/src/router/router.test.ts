import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRouter, type RouterKind } from './router.ts'
import type { RoutedRequest, RouteRule } from './rule.ts'

interface Wanted {
  readonly uris: readonly string[]
  readonly hosts?: readonly string[]
  readonly methods?: readonly string[]
  readonly priority?: number
  readonly address?: string
}

let created = 0

function rule(id: string, wanted: Wanted): RouteRule<string> {
  created += 1
  return {
    route: id,
    uris: wanted.uris,
    hosts: wanted.hosts ?? [],
    methods: wanted.methods && new Set(wanted.methods),
    priority: wanted.priority ?? 0,
    created,
    id,
    admitsAddress: wanted.address === undefined ? undefined : (address) => address === wanted.address,
    admitsVariables: undefined,
  }
}

function request(host = '', method = 'GET', hostHeader = host): RoutedRequest {
  return {
    host,
    method,
    remoteAddress: '127.0.0.1',
    header: (name) => (name === 'host' ? hostHeader : undefined),
  }
}

const noVariables = () => undefined

function routerOf(kind: RouterKind, rules: readonly RouteRule<string>[]) {
  const router = createRouter<string>(kind)
  for (const one of rules) router.add(one)
  return (path: string, of: RoutedRequest = request()) => router.match(path, of, noVariables)
}

describe('paths', () => {
  const match = routerOf('radixtree_host_uri', [
    rule('any', { uris: ['/*'] }),
    rule('exact', { uris: ['/a/b'] }),
    rule('prefix', { uris: ['/a/*'] }),
    rule('inner', { uris: ['/a/*/c', '/f/*file/tail'] }),
    rule('loose', { uris: ['/x/b*c'] }),
    rule('low', { uris: ['/p/*'], priority: 1 }),
    rule('high', { uris: ['/p/*/q'], priority: 9 }),
    rule('colon', { uris: ['/user/:id'] }),
  ])

  test.each([
    ['/a/b', 'exact'],
    ['/a/', 'prefix'],
    ['/a', 'any'],
    ['/a/1/2/c', 'inner'],
    ['/a/1/2/d', 'prefix'],
    ['/x/bzz', 'loose'],
    ['/p/1/q', 'high'],
    ['/p/1', 'low'],
    ['/user/:id', 'colon'],
    ['/user/7', 'any'],
    ['/A/b', 'any'],
  ])('%s goes to %s', (path, route) => expect(match(path)?.route).toBe(route))

  test('a named wildcard takes the longest text', () => {
    expect(match('/f/1/tail/2/tail')?.params).toEqual({ file: '1/tail/2' })
  })

  test('a match tells the pattern that matched', () => {
    expect(match('/f/1/tail')).toMatchObject({ route: 'inner', uri: '/f/*file/tail', host: '' })
  })
})

test('parameters stand for one segment', () => {
  const match = routerOf('radixtree_uri_with_parameter', [
    rule('one', { uris: ['/user/:id/post/:post'] }),
    rule('mixed', { uris: ['/blog/:name/*rest'] }),
    rule('end', { uris: ['/user/:id'] }),
  ])
  expect(match('/user/7/post/9')).toMatchObject({ route: 'one', params: { id: '7', post: '9' } })
  expect(match('/user/7')).toMatchObject({ route: 'end', params: { id: '7' } })
  expect(match('/user/7/post')).toBeUndefined()
  expect(match('/user/')).toBeUndefined()
  expect(match('/blog/jo/a/b')).toMatchObject({ route: 'mixed', params: { name: 'jo', rest: 'a/b' } })
})

test('hosts come before paths in the default router', () => {
  const match = routerOf('radixtree_host_uri', [
    rule('long path', { uris: ['/a/b/c'] }),
    rule('wild', { uris: ['/*'], hosts: ['*.foo.com'] }),
    rule('longer wild', { uris: ['/only'], hosts: ['*.bar.foo.com'] }),
    rule('exact host', { uris: ['/a/*'], hosts: ['X.Foo.com'] }),
  ])
  expect(match('/a/b/c', request('other.com'))?.route).toBe('long path')
  expect(match('/a/b/c', request('x.foo.com'))).toMatchObject({ route: 'exact host', host: 'X.Foo.com' })
  expect(match('/z', request('x.foo.com'))?.route).toBe('wild')
  expect(match('/only', request('a.bar.foo.com'))?.route).toBe('longer wild')
  expect(match('/else', request('a.bar.foo.com'))?.route).toBe('wild')
  expect(match('/z', request('foo.com'))).toBeUndefined()
})

test('hosts are a condition in the router by path', () => {
  const match = routerOf('radixtree_uri', [
    rule('host', { uris: ['/a/*'], hosts: ['*.foo.com', 'foo.com:8080'] }),
    rule('any', { uris: ['/a/b'] }),
  ])
  expect(match('/a/b', request('x.foo.com'))?.route).toBe('any')
  expect(match('/a/c', request('x.foo.com'))).toMatchObject({ route: 'host', host: '*.foo.com' })
  expect(match('/a/c', request('foo.com', 'GET', 'foo.com:8080'))?.host).toBe('foo.com:8080')
  expect(match('/a/c', request('foo.com', 'GET', 'foo.com'))).toBeUndefined()
})

test('variables that cannot be evaluated match nothing', () => {
  const broken: RouteRule<string> = {
    ...rule('broken', { uris: ['/a'] }),
    admitsVariables: () => {
      throw new Error('no number')
    },
  }
  const match = routerOf('radixtree_uri', [broken, rule('next', { uris: ['/a'] })])
  expect(match('/a')?.route).toBe('next')
})

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

// What routing.md §2 says, said again without any index.
function reference(kind: RouterKind, rules: readonly RouteRule<string>[], path: string, of: RoutedRequest) {
  const params = kind === 'radixtree_uri_with_parameter'
  const wildAt = (uri: string) => uri.search(params ? /\*|(?<=\/):/ : /\*/)
  const prefix = (uri: string) => (wildAt(uri) < 0 ? uri : uri.slice(0, wildAt(uri)))
  const pattern = (uri: string) => {
    const at = wildAt(uri)
    const whole = uri.split('/').map((segment) => {
      if (segment.startsWith('*')) return '[^]*'
      return params && segment.startsWith(':') ? '[^/]+' : escape(segment)
    })
    if (at < 0 || (uri[at] === '*' && uri[at - 1] !== '/')) return at < 0 ? /^/ : /^[^]*/
    return new RegExp(`^${whole.join('/')}$`)
  }
  const fitsHost = (host: string) => {
    const text = host.toLowerCase()
    return text.startsWith('*') ? of.host.endsWith(text.slice(1)) : of.host === text
  }
  const tables = [...new Set(rules.flatMap(({ hosts }) => hosts.filter(fitsHost)))].toSorted(
    (a, b) => Number(a.startsWith('*')) - Number(b.startsWith('*')) || b.length - a.length,
  )
  const flat = rules.flatMap((one) => one.uris.map((uri) => ({ one, uri })))
  const inTable = (table: (hosts: readonly string[]) => boolean) =>
    flat
      .filter(({ one, uri }) => {
        if (!table(one.hosts) || (one.methods && !one.methods.has(of.method))) return false
        if (one.admitsAddress && !one.admitsAddress(of.remoteAddress)) return false
        const begins = wildAt(uri) < 0 ? path === uri : path.startsWith(prefix(uri))
        return begins && pattern(uri).test(path)
      })
      .toSorted(
        (a, b) =>
          Number(wildAt(b.uri) < 0) - Number(wildAt(a.uri) < 0) ||
          prefix(b.uri).length - prefix(a.uri).length ||
          b.one.priority - a.one.priority ||
          b.uri.length - a.uri.length ||
          a.one.created - b.one.created,
      )[0]?.one.route
  if (kind !== 'radixtree_host_uri') return inTable((hosts) => hosts.length === 0 || hosts.some(fitsHost))
  const found = tables.map((table) => inTable((hosts) => hosts.includes(table))).find(Boolean)
  return found ?? inTable((hosts) => hosts.length === 0)
}

const segment = fc.constantFrom('a', 'b', 'ab', '*', '*n', 'b*', ':id', '')
const uri = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
const path = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'abc', ''), { minLength: 1, maxLength: 6 })
  .map((segments) => `/${segments.join('/')}`)
const hosts = fc.uniqueArray(fc.constantFrom('foo.com', '*.foo.com', '*foo.com', '*.a.foo.com', 'x.io'), {
  maxLength: 2,
})
const wantedRule = fc.record({
  uris: fc.uniqueArray(uri, { minLength: 1, maxLength: 3 }),
  hosts,
  methods: fc.option(fc.constant(['GET']), { nil: undefined }),
  priority: fc.nat({ max: 2 }),
  address: fc.option(fc.constantFrom('127.0.0.1', '10.0.0.1'), { nil: undefined }),
  stays: fc.boolean(),
})
const asked = fc.record({
  path,
  host: fc.constantFrom('foo.com', 'a.foo.com', 'b.a.foo.com', 'xfoo.com', 'x.io', ''),
  method: fc.constantFrom('GET', 'POST'),
})

test.each<RouterKind>(['radixtree_host_uri', 'radixtree_uri', 'radixtree_uri_with_parameter'])(
  '%s agrees with a search without index, in any order of changes',
  (kind) => {
    fc.assert(
      fc.property(
        fc.array(wantedRule, { minLength: 1, maxLength: 8 }),
        fc.array(asked, { minLength: 1, maxLength: 10 }),
        fc.infiniteStream(fc.nat()),
        (wanted, requests, random) => {
          const rules = wanted.map(({ methods, address, ...one }, i) => ({
            stays: one.stays,
            rule: rule(String(i), {
              ...one,
              ...(methods && { methods }),
              ...(address !== undefined && { address }),
            }),
          }))
          const router = createRouter<string>(kind)
          const shuffled = rules.toSorted(() => (random.next().value ?? 0) - 0x3fffffff)
          for (const one of shuffled) router.add(one.rule)
          for (const one of rules) if (!one.stays) router.remove(one.rule)
          const left = rules.filter((one) => one.stays).map((one) => one.rule)
          for (const one of requests) {
            const of = request(one.host, one.method)
            expect(router.match(one.path, of, noVariables)?.route).toBe(reference(kind, left, one.path, of))
          }
        },
      ),
      { numRuns: 600 },
    )
  },
)

test('an exact path without conditions is answered with the object made for the rule', () => {
  const match = routerOf('radixtree_host_uri', [rule('r', { uris: ['/a'] })])
  expect(match('/a')).toBe(match('/a'))
})
