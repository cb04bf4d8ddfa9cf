// `then` is a keyword of JSON Schema here.
// oxlint-disable unicorn/no-thenable
// Where limiting plugins count: in this process or in Redis (the `policy` of limit-count, ai-rate-limiting, ...).

import type { Static } from '../define-schema.ts'

const milliseconds = { type: 'integer', minimum: 1 } as const
const text = { type: 'string', minLength: 1 } as const
const password = { type: 'string', minLength: 0 } as const
const database = { type: 'integer', minimum: 0, default: 0 } as const
const off = { type: 'boolean', default: false } as const
const pool = {
  /** Milliseconds that an idle connection is kept. */
  redis_keepalive_timeout: { type: 'integer', minimum: 1000, default: 10_000 },
  redis_keepalive_pool: { type: 'integer', minimum: 1, default: 100 },
} as const

/** The members that belong to one Redis server. `redis_timeout` is milliseconds. */
export const redisSchema = {
  properties: {
    redis_host: { type: 'string', minLength: 2 },
    redis_port: { type: 'integer', minimum: 1, default: 6379 },
    redis_username: text,
    redis_password: password,
    redis_database: database,
    redis_timeout: { ...milliseconds, default: 1000 },
    redis_ssl: off,
    redis_ssl_verify: off,
    ...pool,
  },
  required: ['redis_host'],
} as const

/** The members that belong to a Redis cluster. */
export const redisClusterSchema = {
  properties: {
    redis_cluster_nodes: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 2, maxLength: 100 },
    },
    redis_cluster_name: { type: 'string' },
    redis_password: password,
    redis_timeout: { ...milliseconds, default: 1000 },
    redis_cluster_ssl: off,
    redis_cluster_ssl_verify: off,
    ...pool,
  },
  required: ['redis_cluster_nodes', 'redis_cluster_name'],
} as const

/** The members that belong to a server found through sentinels. Timeouts are milliseconds. */
export const redisSentinelSchema = {
  properties: {
    redis_sentinels: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          host: { type: 'string', minLength: 2 },
          port: { type: 'integer', minimum: 1, maximum: 65_535 },
        },
        required: ['host', 'port'],
        additionalProperties: false,
      },
    },
    redis_master_name: text,
    redis_role: { type: 'string', enum: ['master', 'slave'], default: 'master' },
    redis_username: text,
    redis_password: password,
    sentinel_username: text,
    sentinel_password: password,
    redis_database: database,
    redis_connect_timeout: { ...milliseconds, default: 1000 },
    redis_read_timeout: { ...milliseconds, default: 1000 },
    redis_keepalive_timeout: { ...milliseconds, default: 60_000 },
  },
  required: ['redis_sentinels', 'redis_master_name'],
} as const

/** The member `policy` of a plugin that knows all four. */
export const counterPolicySchema = {
  type: 'string',
  enum: ['local', 'redis', 'redis-cluster', 'redis-sentinel'],
  default: 'local',
} as const

/** To spread into a plugin's schema beside `properties`: each policy asks for its own members. */
export const counterPolicyConditions = {
  if: { properties: { policy: { enum: ['redis'] } } },
  then: redisSchema,
  else: {
    if: { properties: { policy: { enum: ['redis-cluster'] } } },
    then: redisClusterSchema,
    else: {
      if: { properties: { policy: { enum: ['redis-sentinel'] } } },
      then: redisSentinelSchema,
    },
  },
} as const

type Closed<S extends object> = Static<S & { readonly type: 'object'; readonly additionalProperties: false }>

/** The parsed members of a configuration that has `counterPolicySchema` and `counterPolicyConditions`. */
export type CounterPolicy =
  | { readonly policy: 'local' }
  | ({ readonly policy: 'redis' } & Closed<typeof redisSchema>)
  | ({ readonly policy: 'redis-cluster' } & Closed<typeof redisClusterSchema>)
  | ({ readonly policy: 'redis-sentinel' } & Closed<typeof redisSentinelSchema>)

/** Gives a parsed configuration the type that the schema's conditions promise. */
export function counterPolicyOf(config: { readonly policy: CounterPolicy['policy'] }): CounterPolicy {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the conditions have been checked
  return config as CounterPolicy
}
