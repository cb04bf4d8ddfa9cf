import { startRedis, until, type Redis as RedisServer } from '@weir/testkit'
import { Redis } from 'ioredis'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { describeCounterStore } from '../conformance/suite.ts'
import { type Ask, CounterUnavailableError, type Decision } from '../store.ts'
import { RedisRequestCounters } from '../requests/redis-request-counters.ts'
import { ClusterCounters } from './cluster-counters.ts'
import { keysOf } from './keys.ts'
import { slotOf } from './slot.ts'
import { type Target, targetOf } from './target.ts'

const TIMEOUT_MS = 1000
const SLOTS = 16_384

/** Three masters with a third of the slots each, then a replica of each. */
let servers: RedisServer[]
let clients: Redis[]
const opened: { close(): void }[] = []

beforeAll(async () => {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500']
  servers = await Promise.all(Array.from({ length: 6 }, () => startRedis({ args })))
  clients = servers.map(({ port, host }) => new Redis(port, host, { retryStrategy: () => 100 }))
  for (const client of clients) client.on('error', () => {})
  for (const { host, port } of servers.slice(1)) await clients[0]!.cluster('MEET', host, port)
  for (let i = 0; i < 3; i++) {
    const from = Math.floor((SLOTS * i) / 3)
    const slots = Array.from({ length: Math.floor((SLOTS * (i + 1)) / 3) - from }, (_, n) => from + n)
    await clients[i]!.cluster('ADDSLOTS', ...slots)
  }
  for (const [i, master] of clients.slice(0, 3).entries()) {
    const masterId = await master.cluster('MYID')
    const replicate = () => clients[3 + i]!.cluster('REPLICATE', masterId).then(() => true)
    await until(replicate, { what: `replica ${i} to know its master`, timeoutMs: 20_000 })
  }
  await until(
    async () => {
      const infos = await Promise.all(clients.map((client) => client.cluster('INFO')))
      const links = await Promise.all(clients.slice(3).map((replica) => replica.info('replication')))
      return (
        infos.every((info) => info.includes('cluster_state:ok')) &&
        links.every((link) => link.includes('link_status:up'))
      )
    },
    { what: 'the cluster', timeoutMs: 20_000 },
  )
})

afterEach(() => {
  for (const store of opened.splice(0)) store.close()
})

afterAll(async () => {
  for (const client of clients) client.disconnect()
  await Promise.all(servers.map((server) => server.stop()))
})

describe('cluster counters', () => {
  describeCounterStore(() => open())
})

test('the three keys of an account are in one slot, the one that the cluster says', async () => {
  const keys = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.string({ minLength: 1, unit: fc.constantFrom('{', '}', 'a', 'ü', ':') }),
  )
  await fc.assert(
    fc.asyncProperty(keys, async (key) => {
      for (const name of keysOf(key)) expect(await clients[1]!.cluster('KEYSLOT', name)).toBe(slotOf(key))
    }),
    { numRuns: 50 },
  )
})

test('a refusal in the second slot gives back what the first one held', async () => {
  const store = open()
  const asks = [
    anAsk({ key: 'slot-a' }),
    anAsk({ key: 'slot-b', limit: 3, amount: 4 }),
    anAsk({ key: 'slot-c' }),
  ]
  expect(new Set(asks.map(({ key }) => slotOf(key))).size).toBe(3)
  expect(await store.reserve(asks, 60_000)).toMatchObject({ admitted: false, refused: 1 })
  expect((await store.read('slot-a'))?.reserved ?? 0).toBe(0)
  expect(await store.read('slot-c')).toBeUndefined()
  const decision = await store.reserve([asks[0]!, asks[2]!], 60_000)
  await store.settle(leaseOf(decision), [5, 6])
  expect(await store.read('slot-a')).toMatchObject({ used: 5, reserved: 0 })
  expect(await store.read('slot-c')).toMatchObject({ used: 6, reserved: 0 })
})

test('requests are counted on all nodes, whatever stands in their keys', async () => {
  const counters = new RedisRequestCounters(target())
  opened.push(counters)
  for (const key of ['r-a', 'r-b', 'r-{c}', 'r-d}']) {
    expect((await counters.hit(key, 1, 60)).used).toBe(1)
    expect((await counters.slide(`${key}-slide`, 2, 86_400)).used).toBe(1)
    expect(await counters.leak(`${key}-leak`, 1, 1)).toBe(0)
    const { count, ticket } = await counters.enter(`${key}-enter`, 1, 60)
    expect(count).toBe(1)
    await ticket?.leave()
    expect((await counters.enter(`${key}-enter`, 1, 60)).ticket).toBeDefined()
  }
})

test('when a master dies its replica takes over, and nothing is charged twice', async () => {
  const store = open()
  const onFirst = keyIn(0)
  const onOther = keyIn(2)
  await store.settle(leaseOf(await store.reserve([anAsk({ key: onFirst })], 60_000)), [7])
  await until(async () => (await clients[3]!.readonly()) && (await clients[3]!.get(onFirst)) === '7')
  await servers[0]!.kill()
  await expect(store.reserve([anAsk({ key: onFirst })], 60_000)).rejects.toThrow(CounterUnavailableError)
  // The other slots are served all the while.
  await until(async () => (await store.reserve([anAsk({ key: onOther, limit: 1e6 })], 1_000)).admitted)
  await until(async () => (await store.read(onFirst))?.used === 7, { timeoutMs: 15_000, what: 'the replica' })
  const decision = await store.reserve([anAsk({ key: onFirst }), anAsk({ key: onOther, limit: 1e6 })], 60_000)
  await store.settle(leaseOf(decision), [3, 3])
  expect(await store.read(onFirst)).toMatchObject({ used: 10, reserved: 0 })
}, 40_000)

function open(): ClusterCounters {
  const store = new ClusterCounters(target())
  opened.push(store)
  return store
}

function target(): Target {
  return targetOf({
    policy: 'redis-cluster',
    redis_cluster_nodes: servers.map(({ host, port }) => `${host}:${port}`),
    redis_cluster_name: 'test',
    redis_timeout: TIMEOUT_MS,
    redis_cluster_ssl: false,
    redis_cluster_ssl_verify: false,
    redis_keepalive_timeout: 10_000,
  })
}

/** A key in the slots of the master with this number. */
function keyIn(master: number): string {
  for (let i = 0; ; i++) {
    if (Math.floor((slotOf(`key-${i}`) * 3) / SLOTS) === master) return `key-${i}`
  }
}

function anAsk(rest: Partial<Ask>): Ask {
  return { key: 'a', limit: 100, windowSeconds: 60, amount: 1, admission: 'fits', ...rest }
}

function leaseOf(decision: Decision) {
  if (!decision.admitted) throw new Error('refused')
  return decision.lease
}
