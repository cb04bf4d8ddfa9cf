import { describe, expect, test } from 'vitest'
import { createCounterStores } from '../counter-stores.ts'
import { createLocalCounters } from '../local/local-counters.ts'
import { type PolicyName, toCounterPolicy } from './counter-policy.ts'

const pluginFields = { limit: 5, time_window: 60, rejected_code: 429 }

describe('the policy of a configuration', () => {
  test('has its own members and nothing else', () => {
    expect(toCounterPolicy({ policy: 'local', ...pluginFields })).toEqual({ policy: 'local' })
    const config = {
      policy: 'redis' as const,
      redis_host: 'redis.test',
      redis_cluster_name: 'x',
      ...pluginFields,
    }
    expect(toCounterPolicy(config)).toEqual({
      policy: 'redis',
      redis_host: 'redis.test',
      redis_port: 6379,
      redis_database: 0,
      redis_timeout: 1000,
      redis_ssl: false,
      redis_ssl_verify: false,
      redis_keepalive_timeout: 10_000,
      redis_keepalive_pool: 100,
    })
  })

  test.each<[PolicyName, object]>([
    ['redis-cluster', { redis_cluster_nodes: ['a:7000'], redis_cluster_name: 'c' }],
    ['redis-sentinel', { redis_sentinels: [{ host: 'sentinel', port: 26_379 }], redis_master_name: 'm' }],
  ])('of %s has its defaults', (policy, fields) => {
    expect(toCounterPolicy({ policy, ...fields })).toMatchObject({ policy, ...fields })
  })

  test('without what it needs is an error', () => {
    expect(() => toCounterPolicy({ policy: 'redis' })).toThrow('redis_host')
  })
})

test('the same policy is the same store, whoever asks', () => {
  const local = createLocalCounters()
  const stores = createCounterStores(local)
  const redis = (fields: object) => {
    const config = { policy: 'redis' as const, redis_host: 'a.test', ...fields }
    return stores.open(toCounterPolicy(config))
  }
  expect(stores.open({ policy: 'local' })).toBe(local)
  expect(redis({ limit: 1 })).toBe(redis({ limit: 2 }))
  expect(redis({ redis_database: 1 })).not.toBe(redis({}))
  expect(redis({ redis_password: 'x' })).not.toBe(redis({}))
  stores.close()
})
