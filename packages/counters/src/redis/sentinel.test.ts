import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startProcess, startRedis, until } from '@weir/testkit'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { type Ask, CounterUnavailableError } from '../store.ts'
import { RedisCounters } from './redis-counters.ts'
import { targetOf } from './target.ts'

test('the master that sentinels name is used, and the next one after a failover', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-sentinel-'))
  const master = await startRedis()
  const replica = await startRedis({ args: ['--replicaof', master.host, String(master.port)] })
  const port = await freePort()
  const config = join(directory, 'sentinel.conf')
  await writeFile(
    config,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `sentinel monitor counters ${master.host} ${master.port} 1`,
      'sentinel down-after-milliseconds counters 500',
      'sentinel failover-timeout counters 2000',
    ].join('\n'),
  )
  const sentinel = await startProcess({
    command: 'redis-server',
    args: [config, '--sentinel'],
    cwd: directory,
    ready: { output: /\+monitor/ },
  })
  const store = new RedisCounters(
    targetOf({
      policy: 'redis-sentinel',
      // The first one is dead; the second knows.
      redis_sentinels: [
        { host: '127.0.0.1', port: await freePort() },
        { host: '127.0.0.1', port },
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
    // The sentinel must have found the replica, and the replica the number.
    await until(() => /\+slave/.test(sentinel.stdout), {
      timeoutMs: 20_000,
      what: 'the sentinel to see the replica',
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
    await sentinel.stop()
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
