// From a plugin's configuration to the policy of its counters.
import { defineSchema, type Schema } from '@weir/contract'
import type { CounterPolicy } from '../store.ts'
import { redisClusterFields, redisFields, redisSentinelFields } from './policy-fields.ts'

const redis = defineSchema({ type: 'object', ...redisFields })
const cluster = defineSchema({ type: 'object', ...redisClusterFields })
const sentinel = defineSchema({ type: 'object', ...redisSentinelFields })

/** Expects a configuration that its plugin's schema has accepted, with its defaults. */
export function toCounterPolicy(config: { readonly policy: PolicyName }): CounterPolicy {
  const { policy } = config
  switch (policy) {
    case 'local':
      return { policy }
    case 'redis':
      return { policy, ...ownFields(redis, config, policy) }
    case 'redis-cluster':
      return { policy, ...ownFields(cluster, config, policy) }
    case 'redis-sentinel':
      return { policy, ...ownFields(sentinel, config, policy) }
  }
}

export type PolicyName = CounterPolicy['policy']

/** The names of a policy's members, none for `local`. */
export function policyFieldNames(policy: PolicyName): readonly string[] {
  switch (policy) {
    case 'local':
      return []
    case 'redis':
      return Object.keys(redisFields.properties)
    case 'redis-cluster':
      return Object.keys(redisClusterFields.properties)
    case 'redis-sentinel':
      return Object.keys(redisSentinelFields.properties)
  }
}

/** Only the policy's members, so that plugins which differ in anything else share a connection. */
function ownFields<T>(schema: Schema<T>, config: object, policy: PolicyName): T {
  const names = new Set(policyFieldNames(policy))
  const parsed = schema.parse(Object.fromEntries(Object.entries(config).filter(([name]) => names.has(name))))
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}
