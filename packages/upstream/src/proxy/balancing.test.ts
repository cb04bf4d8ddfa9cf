import { freePort, RawExchange, rawRequest, until } from '@weir/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { createHealthRegistry, type HealthRegistry } from '../index.ts'
import { atEnd, cleanUp, echo, type Gateway, gateway, nodesAt, serve } from './gateway.testing.ts'

afterEach(cleanUp)

async function ask(gw: Gateway, path = '/', headers: Readonly<Record<string, string>> = {}) {
  const response = await rawRequest({ port: gw.port, path, headers: { Host: 'a.test', ...headers } })
  return response.header('x-node') ?? String(response.status)
}

async function askOften(gw: Gateway, times: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < times; i++) {
    const node = await ask(gw)
    counts[node] = (counts[node] ?? 0) + 1
  }
  return counts
}

function registry(): HealthRegistry {
  const made = createHealthRegistry({ alerts: { raise: () => undefined }, lingerMs: 20 })
  atEnd(() => made.close())
  return made
}

const failing = () => serve((_, response) => void response.writeHead(500, { 'X-Node': 'bad' }).end())

function acquire(health: HealthRegistry) {
  return (wanted: Parameters<HealthRegistry['acquire']>[0]) => health.acquire(wanted)
}

describe('choosing a node', () => {
  test('by weight', async () => {
    const nodes = { [`127.0.0.1:${await echo('a')}`]: 3, [`127.0.0.1:${await echo('b')}`]: 1 }
    const gw = await gateway({ nodes })
    expect(await askOften(gw, 12)).toEqual({ a: 9, b: 3 })
  })

  test('by priority before weight', async () => {
    const nodes = [
      { host: '127.0.0.1', port: await echo('a'), weight: 9, priority: 0 },
      { host: '127.0.0.1', port: await echo('b'), weight: 1, priority: 1 },
    ]
    expect(await askOften(await gateway({ nodes }), 3)).toEqual({ b: 3 })
  })

  test.each([
    ['vars', 'uri', (key: string) => [`/${key}`, {}]],
    ['header', 'X-User_Id', (key: string) => ['/', { 'X-User-Id': key }]],
    ['vars_combinations', '$uri-x', (key: string) => [`/${key}`, {}]],
  ] as [string, string, (key: string) => [string, Record<string, string>]][])(
    'by hash of %s, alike for like keys',
    async (hash_on, key, requestOf) => {
      const nodes = nodesAt(await echo('a'), await echo('b'), await echo('c'))
      const gw = await gateway({ nodes, type: 'chash', hash_on, key })
      const homes = new Map<string, string>()
      for (const user of ['1', '2', '3', '4', '5', '6', '7', '8', '1', '2', '3', '4', '5', '6', '7', '8']) {
        const node = await ask(gw, ...requestOf(user))
        expect(homes.get(user) ?? node).toBe(node)
        homes.set(user, node)
      }
      expect(new Set(homes.values()).size).toBeGreaterThan(1)
    },
  )

  test('by hash of the client’s address where the key is absent', async () => {
    const nodes = nodesAt(await echo('a'), await echo('b'), await echo('c'))
    const gw = await gateway({ nodes, type: 'chash', hash_on: 'header', key: 'X-User' })
    expect(Object.keys(await askOften(gw, 5))).toHaveLength(1)
  })

  test('by time, in which a node that refuses is not fast', async () => {
    const nodes = nodesAt(await freePort(), await echo('a'))
    const gw = await gateway({ nodes, type: 'ewma' })
    expect(await askOften(gw, 5)).toEqual({ a: 5 })
  })

  test('by requests under way, which edits and failures leave right', async () => {
    let isSlow = true
    const slow = await serve((_, response) => {
      response.writeHead(200, { 'X-Node': 'a' })
      if (isSlow) response.flushHeaders()
      else response.end()
    })
    const nodes = nodesAt(slow)
    const gw = await gateway({ nodes, type: 'least_conn' })
    const held = new RawExchange({ port: gw.port })
    await until(() => held.head)
    const both = { ...nodes, [`127.0.0.1:${await echo('b')}`]: 1 }
    // A single node's requests were counted too.
    gw.use({ nodes: both, type: 'least_conn' })
    expect(await askOften(gw, 3)).toEqual({ b: 3 })
    gw.use({ nodes: both, type: 'least_conn', desc: 'changed' })
    expect(await askOften(gw, 3)).toEqual({ b: 3 })
    isSlow = false
    held.leave()
    await until(() => gw.records[0]?.attempts[0]?.responseMs)
    expect(Object.keys(await askOften(gw, 4)).toSorted()).toEqual(['a', 'b'])
  })

  test('goes on in its turn when an edit leaves the nodes alone', async () => {
    const nodes = nodesAt(await echo('a'), await echo('b'))
    const gw = await gateway({ nodes })
    const first = await ask(gw)
    gw.use({ nodes, desc: 'changed', timeout: { connect: 1, send: 1, read: 1 } })
    expect(await ask(gw)).not.toBe(first)
  })
})

describe('health', () => {
  /** Probes that never come, so that only real requests count. */
  const checks = {
    active: { http_path: '/', healthy: { interval: 600 }, unhealthy: { interval: 600 } },
    passive: { unhealthy: { http_statuses: [500], http_failures: 2, tcp_failures: 1, timeouts: 1 } },
  }

  test('is checked from the first request on, under the document’s name', async () => {
    const node = await echo()
    const health = registry()
    const gw = await gateway({ nodes: nodesAt(node), checks, name: 'n' }, { health: acquire(health) })
    expect(health.list()).toEqual([])
    await ask(gw)
    expect(health.list()).toMatchObject([
      {
        name: 'upstream#/apisix/upstreams/1',
        type: 'http',
        nodes: [{ ip: '127.0.0.1', port: node, hostname: '127.0.0.1', status: 'healthy' }],
      },
    ])
    gw.drop()
    await until(() => health.list().length === 0)
  })

  test('learns from answers; unhealthy nodes are left out, unless all are', async () => {
    const health = registry()
    const nodes = nodesAt(await failing(), await echo('a'))
    const gw = await gateway({ nodes, checks }, { health: acquire(health) })
    expect(await askOften(gw, 4)).toEqual({ a: 2, bad: 2 })
    expect(await askOften(gw, 4)).toEqual({ a: 4 })
    gw.use({ nodes, checks, desc: 'changed' })
    expect(await askOften(gw, 4)).toEqual({ a: 4 })

    const alone = await gateway(
      { nodes: nodesAt(await failing(), await failing()), checks },
      { health: acquire(health) },
    )
    expect(await askOften(alone, 6)).toEqual({ bad: 6 })
  })

  test('learns from tries that failed, other nodes’ state survives a change of the list', async () => {
    const health = registry()
    const refusing = await freePort()
    const nodes = nodesAt(refusing, await echo('a'))
    const gw = await gateway({ nodes, checks }, { health: acquire(health) })
    expect(await askOften(gw, 3)).toEqual({ a: 3 })
    const status = () => health.list()[0]?.nodes.find(({ port }) => port === refusing)?.status
    expect(status()).toBe('unhealthy')
    gw.use({ nodes: { ...nodes, [`127.0.0.1:${await echo('b')}`]: 1 }, checks })
    const before = gw.records.length
    expect(Object.keys(await askOften(gw, 6)).toSorted()).toEqual(['a', 'b'])
    expect(status()).toBe('unhealthy')
    expect(gw.records.slice(before).every(({ attempts }) => attempts.length === 1)).toBe(true)
  })

  test('does not matter to a single node', async () => {
    const health = registry()
    const gw = await gateway({ nodes: nodesAt(await failing()), checks }, { health: acquire(health) })
    expect(await askOften(gw, 4)).toEqual({ bad: 4 })
    expect(health.list()[0]?.nodes[0]?.status).toBe('unhealthy')
  })

  test.each([
    [{}, '127.0.0.1'],
    [{ pass_host: 'rewrite', upstream_host: 'given.test' }, 'given.test'],
    [{ checks: { ...checks, active: { ...checks.active, host: 'probe.test' } } }, 'probe.test'],
  ])('probes call the node by the name of %o', async (more, hostname) => {
    const health = registry()
    const gw = await gateway({ nodes: nodesAt(await echo()), checks, ...more }, { health: acquire(health) })
    await ask(gw)
    expect(health.list()[0]?.nodes[0]?.hostname).toBe(hostname)
  })
})
