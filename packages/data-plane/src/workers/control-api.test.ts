import { readFileSync } from 'node:fs'
import type { StoreEntry } from '@weir/config-store'
import { rawRequest } from '@weir/testkit'
import type { CheckerListing } from '@weir/upstream'
import { afterEach, describe, expect, test } from 'vitest'
import { type LocalServer, startLocalServer, startStatusServer } from '../server/index.ts'
import { answerControl, type ControlApiSources } from './control-api.ts'
import { Feed, toChanges } from './feed.ts'

/** What APISIX answered, and the documents that its store had then, as far as they show. */
interface Recorded {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly type: string
  readonly prefix?: string
  readonly documents?: readonly (Omit<StoreEntry, 'value'> & { readonly value: object })[]
  /** A body of JSON, without the members that APISIX adds at run time. */
  readonly json?: object
  readonly text?: string
}

const recorded = readFileSync(new URL('control/recorded.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)

let server: LocalServer | undefined
afterEach(() => server?.close())

const anywhere = { ip: '127.0.0.1', port: 0 }
const identity = { id: 'a-1', hostname: 'host', version: '0', boot_time: 7 }

function sourcesOf(more: Partial<ControlApiSources> = {}): ControlApiSources {
  return {
    prefix: '/apisix',
    identity,
    etcdVersion: () => '3.5.9',
    feed: new Feed(),
    plugins: () => ({ names: undefined, modules: [] }),
    applied: () => [],
    checkers: () => [],
    collectGarbage() {},
    reload() {},
    store: () => ({ reachable: true }),
    ...more,
  }
}

async function call(
  sources: ControlApiSources,
  path: string,
  method = 'GET',
  headers: Readonly<Record<string, string>> = {},
) {
  server?.close()
  server = await startLocalServer(anywhere, (request) => answerControl(sources, request))
  return rawRequest({ port: server.address.port, path, method, headers })
}

test.each(recorded.filter(({ path }) => !path.startsWith('/status')))(
  'the control API answers as recorded: $name $method $path',
  async ({ method, path, status, type, prefix = '/apisix', documents = [], json, text }) => {
    const feed = new Feed()
    const entries = documents.map((entry) => ({ ...entry, value: JSON.stringify(entry.value) }))
    feed.apply(toChanges(entries), 1)
    const answer = await call(sourcesOf({ feed, prefix }), path, method)
    expect([answer.status, answer.header('content-type')]).toEqual([status, type])
    expect(answer.header('server')).toBeUndefined()
    if (text !== undefined) expect(answer.text).toBe(text)
    // The file-driven mode has no creation index.
    if (json === undefined) return
    const shown: unknown = JSON.parse(answer.text)
    if (prefix === '') expect(shown).toMatchObject(json)
    else expect(shown).toEqual(json)
  },
)

test.each(recorded.filter(({ name }) => /^(status|ready)\./.test(name)))(
  'the status server answers as recorded: $name $method $path',
  async ({ method, path, status, type, json, text }) => {
    server = await startStatusServer(anywhere, () => 0)
    const answer = await rawRequest({ port: server.address.port, path, method })
    expect([answer.status, answer.header('content-type')]).toEqual([status, type])
    if (text !== undefined) expect(answer.text).toBe(text)
    if (json !== undefined) expect(JSON.parse(answer.text)).toEqual(json)
  },
)

const counter = { success: 1, http_failure: 2, tcp_failure: 3, timeout_failure: 4 }
const node = { ip: '10.0.0.1', port: 80, hostname: 'a.test', status: 'unhealthy', counter }
const checkers: readonly CheckerListing[] = [
  {
    name: 'upstream#/apisix/routes/1',
    label: undefined,
    resource: undefined,
    type: 'http',
    nodes: [{ ...node, last_probe: undefined }],
  },
  {
    name: "/apisix/routes/2#plugins['ai-proxy-multi'].instances[0]",
    label: '<b>',
    resource: '/apisix/routes/2',
    type: 'https',
    nodes: [{ ...node, last_probe: { at: 0, result: 'http', reason: 'status 500' } }],
  },
]

const entryOf = (key: string, value = '{}'): StoreEntry => ({ key, value, createRevision: 9, modRevision: 9 })

function checkedSources(): ControlApiSources {
  const feed = new Feed()
  feed.load([entryOf('/routes/1'), entryOf('/routes/2')], 9)
  return sourcesOf({ feed, checkers: () => checkers })
}

describe('health checks', () => {
  test('are listed with those of LLM instances, their last probe and its reason', async () => {
    expect(JSON.parse((await call(checkedSources(), '/v1/healthcheck')).text)).toEqual([
      { name: '/apisix/routes/1', type: 'http', nodes: [node] },
      {
        name: "/apisix/routes/2#plugins['ai-proxy-multi'].instances[0]",
        type: 'https',
        instance: '<b>',
        nodes: [{ ...node, last_probe: { at: 0, result: 'http', reason: 'status 500' } }],
      },
    ])
    expect(JSON.parse((await call(checkedSources(), '/v1/healthcheck/routes/1')).text)).toEqual({
      name: '/apisix/routes/1',
      type: 'http',
      nodes: [node],
    })
  })

  test('are a page for a browser', async () => {
    const accept = { Accept: 'text/html,*/*;q=0.8' }
    const page = await call(checkedSources(), '/v1/healthcheck', 'GET', accept)
    expect(page.header('content-type')).toBe('text/html; charset=utf-8')
    expect(page.text).toContain(
      '<td>a.test (10.0.0.1:80)</td><td>unhealthy</td><td>1</td><td>3</td><td>2</td>',
    )
    expect(page.text).toContain('1970-01-01T00:00:00.000Z http: status 500')
    expect(page.text).not.toContain('<b>')
    const one = await call(checkedSources(), '/v1/healthcheck/routes/1', 'GET', accept)
    expect(one.text).toContain('/apisix/routes/1')
    expect(one.text).not.toContain('instances[0]')
  })

  test.each([
    ['/v1/healthcheck/routes', 404, 'missing src id for src type routes'],
    ['/v1/healthcheck/x/1', 400, 'invalid src type x'],
    ['/v1/healthcheck/routes/2', 404, 'no checker for routes[2]'],
    ['/v1/healthcheck/routes/9', 404, 'routes[9] not found'],
  ])('that are not there: %s', async (path, status, error_msg) => {
    const answer = await call(checkedSources(), path)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([status, { error_msg }])
  })
})

test('plugin metadata and server info', async () => {
  const missing = await call(sourcesOf(), '/v1/plugin_metadata/x')
  expect([missing.status, missing.text]).toEqual([404, '{"error_msg":"plugin metadata[x] not found"}\n'])
  expect(JSON.parse((await call(sourcesOf(), '/v1/server_info')).text)).toEqual({
    id: 'a-1',
    hostname: 'host',
    version: '3.18.0',
    boot_time: 7,
    etcd_version: '3.5.9',
  })
})

test('/v1/config shows the workers, what they rejected, and the other data planes', async () => {
  const feed = new Feed()
  const state = { id: 'b', hostname: 'other', revision: 8, workers: [8], rejected: [], rejected_count: 0 }
  const entries = [
    entryOf('/data_plane/weir/nodes/x', JSON.stringify(state)),
    entryOf('/data_plane/weir/nodes/y', '?'),
  ]
  feed.load(entries, 9)
  const rejection = { key: '/routes/1', revision: 5, error: 'no', inForce: 4 }
  const applied = () => [
    { isLoaded: true, revision: 9, rejected: [rejection] },
    { isLoaded: true, revision: 8, rejected: [] },
  ]
  const answer = await call(sourcesOf({ feed, applied }), '/v1/config')
  expect(JSON.parse(answer.text)).toEqual({
    ...identity,
    revision: 9,
    store: { reachable: true },
    workers: [
      { id: 0, revision: 9 },
      { id: 1, revision: 8 },
    ],
    rejected: [{ key: '/routes/1', revision: 5, error: 'no', in_force: 4 }],
    data_planes: [state],
  })
})

async function schemasOf(sources: ControlApiSources): Promise<Record<string, Record<string, object>>> {
  return JSON.parse((await call(sources, '/v1/schema')).text)
}

describe('schemas', () => {
  test('are those of all resources and plugins, whether this build runs them or not', async () => {
    const { main, plugins, stream_plugins: streamPlugins } = await schemasOf(sourcesOf())
    expect(main).toMatchObject({ route: { properties: { uri: {} } }, plugins: {}, ssl: {} })
    expect(plugins).toMatchObject({
      'key-auth': { version: 0.1, priority: 2500, type: 'auth', consumer_schema: {} },
      'http-logger': { metadata_schema: {}, schema: { properties: { _meta: {} } } },
    })
    expect(Object.keys(plugins ?? {}).length).toBeGreaterThanOrEqual(107)
    expect(streamPlugins).toMatchObject({ 'mqtt-proxy': { priority: 1000 } })
  })

  test('are those of the enabled plugins where there is a list', async () => {
    const listed = { plugins: () => ({ names: ['cors', 'key-auth'], modules: [] }) }
    expect(Object.keys((await schemasOf(sourcesOf(listed)))['plugins'] ?? {})).toEqual(['cors', 'key-auth'])
    const feed = new Feed()
    feed.load([entryOf('/plugins', '[{"name":"gzip"},{"name":"syslog","stream":true}]')], 9)
    expect(Object.keys((await schemasOf(sourcesOf({ ...listed, feed })))['plugins'] ?? {})).toEqual(['gzip'])
  })
})
