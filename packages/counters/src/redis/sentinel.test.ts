import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  freePort,
  type Redis as RedisServer,
  type RunningProcess,
  startProcess,
  startRedis,
  until,
} from '@weir/testkit'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { type Ask, CounterUnavailableError } from '../store.ts'
import { RedisCounters } from './redis-counters.ts'
import { targetOf } from './target.ts'

test('the master that sentinels name is used, and the next one after a failover', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-sentinel-'))
  const master = await startRedis()
  const replica = await startRedis({ args: ['--replicaof', master.host, String(master.port)] })
  const sentinels = await Promise.all(
    [1, 2, 3].map((i) => startSentinel(join(directory, `${i}.conf`), master)),
  )
  const store = new RedisCounters(
    targetOf({
      policy: 'redis-sentinel',
      // The first one is dead; the others know.
      redis_sentinels: [
        { host: '127.0.0.1', port: await freePort() },
        ...sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      ],
      redis_master_name: 'counters',
      redis_role: 'master',
      redis_database: 0,
      redis_connect_timeout: 1000,
      redis_read_timeout: 1000,
      redis_keepalive_timeout: 60_000,
    }),
  )
  const onReplica = new Redis(replica.port, replica.host)
  try {
    const decision = await store.reserve([ask], 60_000)
    if (decision.admitted) await store.settle(decision.lease, [5])
    // The sentinels must have found the replica and one another, and the replica the number.
    const seesAll = ({ process: { stdout } }: Sentinel) =>
      /\+slave/.test(stdout) && stdout.split('+sentinel ').length > 2
    await until(() => sentinels.every(seesAll), {
      timeoutMs: 20_000,
      what: 'the sentinels to see the replica and one another',
    })
    await until(async () => (await onReplica.get('a')) === '5', { timeoutMs: 20_000, what: 'the replica' })
    await master.kill()
    await expect(store.read('a')).rejects.toThrow(CounterUnavailableError)
    const after = await until(() => store.read('a').catch(() => undefined), {
      timeoutMs: 20_000,
      what: 'a failover',
    })
    expect(after).toMatchObject({ used: 5, reserved: 0 })
    expect((await store.reserve([ask], 60_000)).admitted).toBe(true)
  } finally {
    onReplica.disconnect()
    store.close()
    await Promise.all(sentinels.map((sentinel) => sentinel.process.stop()))
    await replica.stop()
    await master.stop()
    await rm(directory, { recursive: true, force: true })
  }
}, 60_000)

test('sentinels that do not answer make counters unavailable', async () => {
  const store = new RedisCounters(
    targetOf({
      policy: 'redis-sentinel',
      redis_sentinels: [{ host: '127.0.0.1', port: await freePort() }],
      redis_master_name: 'counters',
      redis_role: 'master',
      redis_password: 'a-secret',
      sentinel_password: 'another-secret',
      redis_database: 0,
      redis_connect_timeout: 1000,
      redis_read_timeout: 1000,
      redis_keepalive_timeout: 60_000,
    }),
  )
  const error: unknown = await store.reserve([ask], 1_000).then(undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(CounterUnavailableError)
  expect(String(error)).toMatch(/^CounterUnavailableError: redis sentinel counters: /)
  expect(String(error)).not.toContain('secret')
  store.close()
})

const ask: Ask = { key: 'a', limit: 100, windowSeconds: 60, amount: 1, admission: 'fits' }

interface Sentinel {
  readonly port: number
  readonly process: RunningProcess
}

/** One of three, of which two must agree that the master is gone. */
async function startSentinel(config: string, master: RedisServer): Promise<Sentinel> {
  const port = await freePort()
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor counters ${master.host} ${master.port} 2`,
    'sentinel down-after-milliseconds counters 500',
    'sentinel failover-timeout counters 2000',
  ]
  await writeFile(config, settings.join('\n'))
  const process = await startProcess({
    command: 'redis-server',
    args: [config, '--sentinel'],
    cwd: dirname(config),
    ready: { output: /\+monitor/ },
  })
  return { port, process }
}
