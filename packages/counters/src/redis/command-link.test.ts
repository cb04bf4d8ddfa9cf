import { startRedis, type Redis as RedisServer, until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCounterStores } from '../counter-stores.ts'
import { createLocalCounters } from '../local/local-counters.ts'
import { CounterUnavailableError, type RedisPolicy } from '../store.ts'

let server: RedisServer
const stores = createCounterStores(createLocalCounters())

beforeAll(async () => {
  server = await startRedis()
})
afterAll(async () => {
  stores.close()
  await server.stop()
})

function policy(): RedisPolicy {
  return {
    policy: 'redis',
    redis_host: server.host,
    redis_port: server.port,
    redis_database: 0,
    redis_timeout: 1000,
    redis_ssl: false,
    redis_ssl_verify: false,
    redis_keepalive_timeout: 10_000,
  }
}

test('commands of any kind are answered, on one connection for equal policies', async () => {
  const redis = stores.commands(policy())
  expect(stores.commands(policy())).toBe(redis)
  expect(await redis.call('SET', ['a', 'ü', 'EX', 10])).toBe('OK')
  expect(await redis.call('GET', ['a'])).toBe('ü')
  expect(await redis.call('GET', ['b'])).toBeNull()
  expect(await redis.call('HSET', ['h', 'bytes', Buffer.from([0, 255])])).toBe(1)
  expect(await redis.call('HSTRLEN', ['h', 'bytes'])).toBe(2)
})

test('an error of Redis is told without its text, and is no end of the connection', async () => {
  const redis = stores.commands(policy())
  const failed = redis.call('LPUSH', ['a', 'secret'])
  await expect(failed).rejects.toThrow(CounterUnavailableError)
  await expect(failed).rejects.toThrow(/answered WRONGTYPE$/)
  expect(await redis.call('GET', ['a'])).toBe('ü')
})

test('times that are longer than any timer can be set to are long', async () => {
  const redis = stores.commands({ ...policy(), redis_timeout: 2 ** 31, redis_keepalive_timeout: 2 ** 31 })
  const id = await redis.call('CLIENT', ['ID'])
  // A timer that went off at once would have done so while this waits.
  expect(await redis.call('BLPOP', ['never', '0.1'])).toBeNull()
  expect(await redis.call('CLIENT', ['ID'])).toBe(id)
})

test('calls fail while Redis is away, and succeed when it is back', async () => {
  const redis = stores.commands(policy())
  await server.kill()
  await expect(redis.call('GET', ['a'])).rejects.toThrow(CounterUnavailableError)
  await server.restart()
  await until(async () => {
    return redis.call('GET', ['a']).then(
      () => true,
      () => false,
    )
  })
})
