// From a plugin's configuration to the policy of its counters.
import { defineSchema } from '@weir/contract'
import type { CounterPolicy } from '../store.ts'
import { redisClusterFields, redisFields, redisSentinelFields } from './policy-fields.ts'

const redisSchema = defineSchema({ type: 'object', ...redisFields })

/** What this build does not run, as a complaint for `check`. */
export function policyComplaint(policy: string): string | undefined {
  if (policy === 'local' || policy === 'redis') return undefined
  return `policy '${policy}' is not run by this build of Weir yet; use 'redis' or 'local'`
}

/** Expects a configuration that its plugin's schema has accepted. */
export function toCounterPolicy(config: { readonly policy: string }): CounterPolicy {
  if (config.policy === 'local') return { policy: 'local' }
  const complaint = policyComplaint(config.policy)
  if (complaint !== undefined) throw new Error(complaint)
  const fields = redisSchema.parse(config)
  if (!fields.ok) throw new Error(fields.error)
  const { value } = fields
  return {
    policy: 'redis',
    redis_host: value.redis_host,
    redis_port: value.redis_port,
    redis_username: value.redis_username,
    redis_password: value.redis_password,
    redis_database: value.redis_database,
    redis_timeout: value.redis_timeout,
    redis_ssl: value.redis_ssl,
    redis_ssl_verify: value.redis_ssl_verify,
    redis_keepalive_timeout: value.redis_keepalive_timeout,
  }
}

/** The names of a policy's members, none for `local`. */
export function policyFieldNames(policy: string): readonly string[] {
  switch (policy) {
    case 'redis':
      return Object.keys(redisFields.properties)
    case 'redis-cluster':
      return Object.keys(redisClusterFields.properties)
    case 'redis-sentinel':
      return Object.keys(redisSentinelFields.properties)
    default:
      return []
  }
}
