import { defineSchema } from '@weir/contract'
import { type AnyPlugin, definePlugin, type PluginHost, type RequestContext, State } from '@weir/plugin-api'
import { createTestHost, RecordingLogger } from '@weir/plugin-api/harness'
import type { StoreChange } from '@weir/config-store'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Match } from '../pipeline/index.ts'
import { Configuration } from './configuration.ts'
import { PluginCatalog } from './plugin-catalog.ts'

/** Tells what was created with which configuration, and what was disposed of. */
const life: string[] = []
const hosts: PluginHost[] = []

function recording(name: string, priority = 0): AnyPlugin {
  const schema = defineSchema({
    type: 'object',
    properties: { text: { type: 'string', default: 'none' } },
    additionalProperties: false,
  })
  return definePlugin({
    name,
    priority,
    schema,
    create({ text }, host) {
      hosts.push(host)
      life.push(`+${name}:${text}`)
      return { dispose: () => void life.push(`-${name}:${text}`) }
    },
  })
}

const keyAuth: AnyPlugin = {
  ...recording('key-auth', 2500),
  type: 'auth',
  consumerSchema: defineSchema({
    type: 'object',
    properties: { key: { type: 'string' } },
    required: ['key'],
  }),
  uniqueAttribute: 'key',
}

const broken: AnyPlugin = {
  ...recording('broken'),
  create: () => {
    throw new Error('no regex')
  },
}

interface World {
  readonly configuration: Configuration
  readonly log: RecordingLogger
  put(key: string, document: unknown): void
  remove(key: string): void
  match(path: string, host?: string): Match | undefined
  /** The plugins of a route in force, as `name:text` once created. */
  names(path: string): readonly string[] | undefined
}

function createWorld(
  options: {
    enabled?: readonly string[]
    ignored?: readonly string[]
    plugins?: readonly AnyPlugin[]
    /** As with a configuration file. */
    isStandalone?: boolean
  } = {},
): World {
  const { isStandalone = false } = options
  const log = new RecordingLogger()
  const { owner: _owner, consumers: _consumers, ...surroundings } = { ...createTestHost(), log }
  const catalog = new PluginCatalog({
    plugins: [recording('a'), recording('b'), recording('c'), keyAuth, broken, ...(options.plugins ?? [])],
    enabled: options.enabled,
    ignored: options.ignored ?? [],
  })
  const configuration = new Configuration({
    prefix: '/apisix',
    router: 'radixtree_host_uri',
    paths: {
      delete_uri_tail_slash: false,
      normalize_uri_like_servlet: false,
      match_uri_encoded_slash: false,
    },
    parse: {
      catalog,
      decrypt: (config) => config,
      decryptKey: (key) => key,
      environment: { SECRET: 'from the environment' },
      warn: (message) => log.warn(message),
      refusesUnknown: isStandalone,
    },
    leavesOutBad: isStandalone,
    secrets: { find: () => 'unresolved', hold: () => {}, release: () => {} },
    plugins: surroundings,
    upstreams: {
      open: (resourceKey) => ({ forward: () => Promise.reject(new Error(resourceKey)) }),
      drop: () => {},
    },
    log,
  })
  let revision = 0
  const created = new Map<string, number>()
  const match = (path: string, host = '') => {
    const request = { path, host, method: 'GET', remoteAddress: '', target: path, header: () => undefined }
    return configuration.match({ request, variable: () => undefined } as unknown as RequestContext)
  }
  return {
    configuration,
    log,
    match,
    put(key, document) {
      revision += 1
      const createRevision = created.get(key) ?? revision
      created.set(key, createRevision)
      const value = typeof document === 'string' ? document : JSON.stringify(document)
      const entry = { key, value, createRevision, modRevision: revision }
      configuration.apply([{ type: 'put', key, revision, entry }], revision)
    },
    remove(key) {
      revision += 1
      created.delete(key)
      configuration.apply([{ type: 'delete', key, revision }], revision)
    },
    names: (path) => match(path)?.route.entries.map(({ plugin }) => plugin.name),
  }
}

beforeEach(() => {
  life.length = 0
  hosts.length = 0
})

const upstream = { type: 'roundrobin', nodes: { '127.0.0.1:1': 1 } }

function instances(match: Match | undefined): void {
  for (const entry of match?.route.entries ?? []) entry.instance()
}

describe('documents', () => {
  test('a route is in force and gone again', () => {
    const { put, remove, match } = createWorld()
    put('/routes/1', { uri: '/a', name: 'first', upstream, labels: { team: 'x' } })
    expect(match('/a')?.facts).toEqual({
      id: '1',
      name: 'first',
      serviceId: undefined,
      serviceName: undefined,
      uri: '/a',
      hostPattern: '',
      labels: { team: 'x' },
    })
    remove('/routes/1')
    expect(match('/a')).toBeUndefined()
  })

  test('placeholders, unknown directories and other keys are ignored', () => {
    const { put, configuration } = createWorld()
    put('/routes/', 'init_dir')
    put('/gadgets/1', { any: 'thing' })
    put('/gen_id', '1')
    expect(configuration.rejected).toEqual([])
  })

  test.each([
    ['no JSON', '{', 'it should be an object'],
    ['no object', '[]', 'it should be an object'],
    ['against the schema', { uri: 7, upstream }, 'failed to check item data of [routes/1] err:'],
    ['a bad plugin', { uri: '/b', plugins: { a: { text: 1 } } }, 'plugin a err:'],
    [
      'a plugin without a configuration',
      { uri: '/b', plugins: { a: null } },
      'invalid plugin conf for plugin [a]',
    ],
    ['a plugin with a list', { uri: '/b', plugins: { a: ['k'] } }, 'plugin [a]: it should be an object'],
  ])('what is %s is reported and the last good version stays', (_what, document, error) => {
    const { put, match, configuration, log } = createWorld()
    put('/routes/1', { uri: '/a', upstream })
    put('/routes/2', { uri: '/other', upstream })
    put('/routes/1', document)
    expect(match('/a')?.facts.id).toBe('1')
    expect(match('/other')).toBeDefined()
    expect(configuration.rejected).toMatchObject([{ key: '/routes/1', revision: 3, inForce: 1 }])
    expect(configuration.rejected[0]?.error).toContain(error)
    expect(log.lines.map((line) => line.message).join()).toContain(error)
    put('/routes/1', { uri: '/c', upstream })
    expect(match('/a')).toBeUndefined()
    expect(match('/c')).toBeDefined()
    expect(configuration.rejected).toEqual([])
  })

  test('a bad new document is not in force', () => {
    const { put, remove, match, configuration } = createWorld()
    put('/routes/1', { uri: '/a', upstream: { nodes: 'x' } })
    expect(match('/a')).toBeUndefined()
    expect(configuration.rejected[0]?.inForce).toBeUndefined()
    remove('/routes/1')
    expect(configuration.rejected).toEqual([])
  })

  test('an empty list configures a plugin as an empty object does', () => {
    const { put, names } = createWorld()
    put('/routes/1', { uri: '/a', upstream, plugins: { a: [] } })
    expect(names('/a')).toEqual(['a'])
  })

  test('a route with status 0 is left out', () => {
    const { put, match } = createWorld()
    put('/routes/1', { uri: '/a', upstream, status: 0 })
    expect(match('/a')).toBeUndefined()
    put('/routes/1', { uri: '/a', upstream, status: 1 })
    expect(match('/a')).toBeDefined()
  })
})

describe('references', () => {
  test('service, plugin_config and route are merged by name', () => {
    const { put, match } = createWorld()
    put('/services/s', { plugins: { a: { text: 's' }, b: { text: 's' } }, name: 'svc', upstream })
    put('/plugin_configs/p', { plugins: { b: { text: 'p' }, c: { text: 'p' } } })
    put('/routes/1', { uri: '/a', service_id: 's', plugin_config_id: 'p', plugins: { c: { text: 'r' } } })
    instances(match('/a'))
    expect(life.toSorted()).toEqual(['+a:s', '+b:p', '+c:r'])
    expect(hosts.map(({ owner }) => owner)).toContainEqual({
      resourceKey: '/apisix/services/s',
      kind: 'service',
      id: 's',
    })
    expect(match('/a')?.facts).toMatchObject({ serviceId: 's', serviceName: 'svc' })
  })

  test('a disabled plugin of the route switches the service off', () => {
    const { put, names } = createWorld()
    put('/services/s', { plugins: { a: {}, b: {} }, upstream })
    put('/routes/1', { uri: '/a', service_id: 's', plugins: { a: { _meta: { disable: true } } } })
    expect(names('/a')).toEqual(['b'])
  })

  test('a change of a service reaches its routes', () => {
    const { put, names, match } = createWorld()
    put('/routes/1', { uri: '/a', service_id: 's', plugins: {} })
    expect(match('/a')?.route.problem?.status).toBe(404)
    put('/services/s', { plugins: { a: {} }, upstream })
    expect(match('/a')?.route.problem).toBeUndefined()
    expect(names('/a')).toEqual(['a'])
    const before = match('/a')
    put('/services/other', { upstream })
    expect(match('/a')?.route).toBe(before?.route)
  })

  test('a service gives its hosts to routes without any', () => {
    const { put, remove, match } = createWorld()
    put('/routes/1', { uri: '/a', service_id: 's' })
    put('/services/s', { hosts: ['x.com'], upstream })
    expect(match('/a', 'y.com')).toBeUndefined()
    expect(match('/a', 'x.com')?.facts.hostPattern).toBe('x.com')
    put('/services/s', { hosts: ['y.com'], upstream })
    expect(match('/a', 'y.com')).toBeDefined()
    remove('/services/s')
    expect(match('/a', 'z.com')?.route.problem?.status).toBe(404)
  })

  test('missing ones fail when a request comes', async () => {
    const { put, match } = createWorld()
    put('/routes/1', { uri: '/pc', plugin_config_id: 'none', upstream })
    put('/routes/2', { uri: '/up', upstream_id: 'none' })
    put('/routes/3', { uri: '/own', upstream })
    put('/routes/4', { uri: '/nothing', plugins: {} })
    const ctx = { request: { target: '/x' }, state: new State() } as RequestContext
    expect(match('/pc')?.route.problem?.status).toBe(503)
    await expect(match('/up')?.route.upstream?.forward(ctx)).rejects.toMatchObject({ status: 502 })
    await expect(match('/own')?.route.upstream?.forward(ctx)).rejects.toThrow('/apisix/routes/3')
    expect(match('/nothing')?.route.upstream).toBeUndefined()
  })

  test('environment references are resolved', () => {
    const { put, match } = createWorld()
    put('/routes/1', { uri: '/a', plugins: { a: { text: '$env://SECRET' } } })
    instances(match('/a'))
    expect(life).toEqual(['+a:from the environment'])
  })
})

describe('instances', () => {
  test('live on when the edit does not concern them', () => {
    const { put, match } = createWorld()
    put('/routes/1', { uri: '/a', plugins: { a: {}, b: { text: '1' } } })
    instances(match('/a'))
    put('/routes/1', { uri: '/x', plugins: { a: {}, b: { text: '2' } } })
    expect(life).toEqual(['+a:none', '+b:1', '+b:2', '-b:1'])
    instances(match('/x'))
    expect(life).toHaveLength(4)
  })

  test('are disposed of when the last request that may use them is over', () => {
    const { put, remove, match, configuration } = createWorld()
    put('/routes/1', { uri: '/a', plugins: { a: {} } })
    const early = configuration.enter()
    instances(match('/a'))
    remove('/routes/1')
    const late = configuration.enter()
    expect(life).toEqual(['+a:none'])
    configuration.leave(early)
    expect(life).toEqual(['+a:none', '-a:none'])
    configuration.leave(late)
  })

  test('find what their predecessors kept while its fingerprint is the same', () => {
    const { put, remove, match } = createWorld()
    put('/routes/1', { uri: '/a', plugins: { a: { text: '1' } } })
    instances(match('/a'))
    let disposed = 0
    const create = () => ({ dispose: () => void (disposed += 1) })
    const kept = hosts[0]?.keep('balancer', 'f', create)
    put('/routes/1', { uri: '/a', plugins: { a: { text: '2' } } })
    // The successor asks in its `create`; here it asks late, which must then make a new value.
    expect(disposed).toBe(1)
    expect(hosts[1]?.keep('balancer', 'f', create)).not.toBe(kept)
    remove('/routes/1')
    expect(disposed).toBe(2)
  })

  test('that keep something in `create` hand it to their successors', () => {
    let disposed = 0
    const kept: object[] = []
    const keeper: AnyPlugin = {
      ...recording('keeper'),
      create(_config, host) {
        kept.push(host.keep('learned', 'same', () => ({ dispose: () => void (disposed += 1) })))
        return {}
      },
    }
    const { put, remove, match } = createWorld({ plugins: [keeper] })
    put('/routes/1', { uri: '/a', plugins: { keeper: { text: '1' } } })
    instances(match('/a'))
    put('/routes/1', { uri: '/a', plugins: { keeper: { text: '2' } } })
    expect(kept).toHaveLength(2)
    expect(kept[1]).toBe(kept[0])
    expect(disposed).toBe(0)
    remove('/routes/1')
    expect(disposed).toBe(1)
  })

  test('that cannot be created refuse', () => {
    const { put, match, log } = createWorld()
    put('/routes/1', { uri: '/a', plugins: { broken: {} } })
    const instance = match('/a')?.route.entries[0]?.instance()
    expect(instance?.rewrite?.({} as RequestContext)).toMatchObject({ status: 503 })
    expect(log.lines.at(-1)?.message).toBe('a plugin could not be created')
  })
})

describe('plugins that are not run', () => {
  test('make a route answer 503 with their name', () => {
    const { put, match } = createWorld()
    put('/routes/1', { uri: '/a', plugins: { 'limit-speed': {} } })
    expect(match('/a')?.route.problem).toMatchObject({
      status: 503,
      body: { error_msg: 'plugin limit-speed is not supported by this gateway' },
    })
    put('/routes/1', { uri: '/a', plugins: { 'limit-speed': { _meta: { disable: true } } } })
    expect(match('/a')?.route.problem).toBeUndefined()
  })

  test('are judged as APISIX judges them: what was good stays', () => {
    const { put, match, configuration } = createWorld({ ignored: ['limit-req'] })
    put('/routes/1', { uri: '/a', plugins: { a: {} } })
    put('/routes/1', { uri: '/a', plugins: { gzip: { min_length: 'x' } } })
    expect(match('/a')?.route.problem).toBeUndefined()
    put('/routes/2', { uri: '/b', plugins: { 'limit-req': {} } })
    expect(match('/b')).toBeUndefined()
    expect(configuration.rejected).toMatchObject([
      {
        key: '/routes/1',
        inForce: 1,
        error: expect.stringContaining('the configuration of plugin gzip err: '),
      },
      {
        key: '/routes/2',
        error: expect.stringContaining('plugin limit-req err: property "burst" is required'),
      },
    ])
  })

  test('are told of once, be they known to APISIX or not', () => {
    const { put, log } = createWorld({ ignored: ['ignored'] })
    put('/routes/1', { uri: '/a', plugins: { gzip: {}, ignored: {} } })
    put('/services/1', { plugins: { gzip: {}, 'never-heard-of': {} } })
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { plugin: 'gzip', first_seen_in: '/routes/1' },
      { plugin: 'never-heard-of', first_seen_in: '/services/1' },
    ])
  })

  test('are passed over when told so, or when switched off', () => {
    const { put, match, names } = createWorld({ ignored: ['limit-speed'], enabled: ['a'] })
    put('/routes/1', { uri: '/a', plugins: { 'limit-speed': {}, a: {}, b: { bad: 1 } } })
    expect(match('/a')?.route.problem).toBeUndefined()
    expect(names('/a')).toEqual(['a'])
    put('/plugins', [{ name: 'b' }, { name: 'a', stream: true }])
    expect(names('/a')).toEqual(['a'])
    put('/routes/1', { uri: '/a', plugins: { a: {}, b: {} } })
    expect(names('/a')).toEqual(['b'])
  })

  test('in a global rule refuse everything', () => {
    const { put, configuration } = createWorld()
    put('/global_rules/1', { plugins: { 'limit-speed': {}, a: {} } })
    const [first] = configuration.globalEntries
    expect(first?.instance().rewrite?.({} as RequestContext)).toMatchObject({ status: 503 })
  })
})

test('a plugin in two global rules runs in neither', () => {
  const { put, remove, configuration } = createWorld()
  put('/global_rules/1', { plugins: { a: {}, b: {} } })
  const before = configuration.globalEntries
  expect(configuration.globalEntries).toBe(before)
  put('/global_rules/2', { plugins: { b: {}, c: {} } })
  expect(configuration.globalEntries.map(({ plugin }) => plugin.name)).toEqual(['a', 'c'])
  remove('/global_rules/1')
  expect(configuration.globalEntries.map(({ plugin }) => plugin.name)).toEqual(['b', 'c'])
})

describe('consumers', () => {
  test('are found by the attribute of their identity, the younger first', () => {
    const { put, remove, configuration } = createWorld()
    const { consumers } = configuration
    const found = (key: string) => consumers.byAttribute('key-auth', key)?.consumer.username
    put('/consumers/jack', { username: 'jack', plugins: { 'key-auth': { key: 'k' } } })
    put('/consumers/jill', { username: 'jill', plugins: { 'key-auth': { key: 'k' } } })
    expect(found('k')).toBe('jill')
    put('/consumers/jack', { username: 'jack', desc: 'edited', plugins: { 'key-auth': { key: 'k' } } })
    expect(found('k')).toBe('jill')
    remove('/consumers/jill')
    expect(found('k')).toBe('jack')
    remove('/consumers/jack')
    expect(found('k')).toBeUndefined()
    expect(consumers.byUsername('jack')).toBeUndefined()
  })

  test('have credentials while they exist', () => {
    const { put, remove, configuration } = createWorld()
    const found = () => configuration.consumers.byAttribute('key-auth', 'c')?.consumer
    put('/consumers/jack/credentials/one', { plugins: { 'key-auth': { key: 'c' } } })
    expect(found()).toBeUndefined()
    put('/consumers/jack', { username: 'jack', labels: { custom_id: '7' } })
    expect(found()).toMatchObject({ username: 'jack', credentialId: 'one', labels: { custom_id: '7' } })
    remove('/consumers/jack')
    expect(found()).toBeUndefined()
  })

  test('bring what may stand on the credential that they came with', () => {
    // The schema of credentials knows the name.
    const name = 'ai-consumer-rate-limiting'
    const own = { ...recording(name), onCredentials: true }
    const { put, match, configuration } = createWorld({ plugins: [own] })
    put('/routes/1', { uri: '/a', plugins: {} })
    put('/consumers/jack', { username: 'jack', plugins: { [name]: { text: 'consumer' } } })
    put('/consumers/jack/credentials/one', {
      plugins: { 'key-auth': { key: 'c' }, [name]: { text: 'credential' } },
    })
    put('/consumers/jack/credentials/two', { plugins: { 'key-auth': { key: 'd' } } })
    const texts = (key: string) => {
      const consumer = configuration.consumers.byAttribute('key-auth', key)!.consumer
      life.length = 0
      const entries = match('/a')!.route.entriesFor(consumer)
      if (!entries || 'status' in entries) throw new Error('refused')
      for (const entry of entries) entry.instance()
      return life.filter((event) => event.startsWith('+'))
    }
    expect(texts('c')).toEqual([`+${name}:credential`])
    expect(texts('d')).toEqual([`+${name}:consumer`])
  })

  test('bring their own and their group’s plugins', () => {
    const { put, remove, match, configuration } = createWorld()
    const consumer = () => configuration.consumers.byUsername('jack')!
    const texts = () => {
      life.length = 0
      const entries = match('/a')?.route.entriesFor(consumer())
      if (!Array.isArray(entries)) return entries
      for (const entry of entries) entry.instance()
      return entries.map(({ plugin }) => plugin.name)
    }
    put('/routes/1', { uri: '/a', plugins: { a: { text: 'route' }, b: { text: 'route' } } })
    put('/consumers/jack', { username: 'jack', plugins: { 'key-auth': { key: 'k' } } })
    expect(texts()).toBeUndefined()
    put('/consumers/jack', { username: 'jack', group_id: 'g', plugins: { b: { text: 'jack' } } })
    expect(texts()).toMatchObject({ status: 503 })
    const lonely = consumer()
    put('/consumer_groups/g', { plugins: { b: { text: 'group' }, c: { text: 'group' } } })
    expect(consumer()).not.toBe(lonely)
    expect(texts()).toEqual(['a', 'b', 'c'])
    expect(life.toSorted()).toEqual(['+a:route', '+b:jack', '+c:group'])
    remove('/consumer_groups/g')
    expect(texts()).toMatchObject({ status: 503 })
  })

  test('whose key is a reference that cannot be resolved are nobody', () => {
    const { put, configuration } = createWorld()
    put('/consumers/jack', { username: 'jack', plugins: { 'key-auth': { key: '$env://NO_SUCH' } } })
    expect(configuration.consumers.byAttribute('key-auth', '$env://NO_SUCH')).toBeUndefined()
  })
})

/** What a request can see of a world. */
function view(world: World) {
  return {
    routes: ['/a', '/b'].flatMap((path) =>
      ['h.com', 'x.com'].map((host) => {
        const match = world.match(path, host)
        return match && [match.facts, world.names(path), match.route.problem]
      }),
    ),
    global: world.configuration.globalEntries.map(({ plugin }) => plugin.name),
    consumers: ['k', 'l'].map((key) => {
      const identity = world.configuration.consumers.byAttribute('key-auth', key)
      return identity && [identity.config, identity.consumer.username]
    }),
    rejected: world.configuration.rejected.map(({ key }) => key).toSorted(),
  }
}

// Any order of events that ends in the same documents gives what a fresh list of them gives.
test('the way to a state does not matter', () => {
  const keys = [
    '/routes/1',
    '/routes/2',
    '/services/s',
    '/plugin_configs/p',
    '/global_rules/1',
    '/consumers/jo',
  ]
  const documents: Readonly<Record<string, readonly unknown[]>> = {
    '/routes/1': [
      { uri: '/a', service_id: 's', plugins: { a: { text: '1' } } },
      { uris: ['/a', '/b'], plugins: { b: {} }, priority: 3 },
    ],
    '/routes/2': [
      { uri: '/a', plugin_config_id: 'p', plugins: {} },
      { uri: '/b', hosts: ['h.com'], upstream },
    ],
    '/services/s': [{ hosts: ['h.com'], upstream }, { plugins: { c: {} } }],
    '/plugin_configs/p': [{ plugins: { c: { text: 'p' } } }, { plugins: { b: {} } }],
    '/global_rules/1': [{ plugins: { a: {} } }, { plugins: { b: {}, 'limit-speed': {} } }],
    '/consumers/jo': [
      { username: 'jo', plugins: { 'key-auth': { key: 'k' }, a: {} } },
      { username: 'jo', plugins: { 'key-auth': { key: 'l' } } },
    ],
  }
  const step = fc.record({
    key: fc.constantFrom(...keys),
    version: fc.constantFrom<0 | 1 | 'bad' | 'gone'>(0, 1, 'bad', 'gone'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
      const lived = createWorld()
      const state = new Map<string, StoreChange & { type: 'put' }>()
      let revision = 0
      for (const { key, version } of steps) {
        revision += 1
        if (version === 'gone') {
          state.delete(key)
          lived.configuration.apply([{ type: 'delete', key, revision }], revision)
          continue
        }
        // A bad document in the place of a good one leaves the good one in force, which a fresh list cannot know.
        if (version === 'bad' && state.has(key)) continue
        const value = version === 'bad' ? '[]' : JSON.stringify(documents[key]?.[version])
        const createRevision = state.get(key)?.entry.createRevision ?? revision
        const entry = { key, value, createRevision, modRevision: revision }
        const change = { type: 'put' as const, key, revision, entry }
        state.set(key, change)
        lived.configuration.apply([change], revision)
        lived.configuration.apply([change], revision)
        lived.match('/a')
      }
      const fresh = createWorld()
      fresh.configuration.apply(
        [...state.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
        revision,
      )
      expect(view(lived)).toEqual(view(fresh))
    }),
    { numRuns: 300 },
  )
})

describe('as a file gives them', () => {
  test('a document that turned bad is left out, with what it held, and comes back', () => {
    const { put, match, configuration } = createWorld({ isStandalone: true })
    put('/routes/1', { uri: '/a', upstream, plugins: { a: { text: 'one' } } })
    instances(match('/a'))
    put('/routes/1', { uri: '/a', upstream, bogus: 1 })
    expect(match('/a')).toBeUndefined()
    expect(life).toEqual(['+a:one', '-a:one'])
    expect(configuration.rejected).toMatchObject([{ key: '/routes/1', inForce: undefined }])
    put('/routes/1', { uri: '/a', upstream })
    expect(match('/a')).toBeDefined()
    expect(configuration.rejected).toEqual([])
  })

  test('a plugin that is off or unheard of makes a document bad; one that only is not run here answers 503', () => {
    const { put, match } = createWorld({ isStandalone: true, enabled: ['a'] })
    put('/routes/1', { uri: '/off', upstream, plugins: { b: {} } })
    put('/routes/2', { uri: '/nobody', upstream, plugins: { 'no-such-plugin': {} } })
    put('/routes/3', { uri: '/known', upstream, plugins: { gzip: {} } })
    expect([match('/off'), match('/nobody')]).toEqual([undefined, undefined])
    expect(match('/known')?.route.problem).toMatchObject({ status: 503 })
  })

  test('a list of plugins takes effect at once, on what was good before too', () => {
    const { put, match } = createWorld({ isStandalone: true })
    put('/routes/1', { uri: '/a', upstream, plugins: { a: {} } })
    put('/routes/2', { uri: '/b', upstream, plugins: { b: {} } })
    put('/plugins', [{ name: 'b' }])
    expect([match('/a') !== undefined, match('/b') !== undefined]).toEqual([false, true])
    put('/plugins', [{ name: 'a' }, { name: 'b' }])
    expect([match('/a') !== undefined, match('/b') !== undefined]).toEqual([true, true])
  })
})
