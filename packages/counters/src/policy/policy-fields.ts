// The members that say where counters live, as ai-rate-limiting, limit-count and others share them
// (common-plugins.md §3.1). Defaults of a policy's members are filled in only when that policy is chosen.

export const policyMember = {
  type: 'string',
  enum: ['local', 'redis', 'redis-cluster', 'redis-sentinel'],
  default: 'local',
} as const

/** Names of the members that are encrypted at rest. */
export const policyEncryptFields = ['redis_password', 'sentinel_password'] as const

const port = { type: 'integer', minimum: 1 } as const
const timeout = { type: 'integer', minimum: 1, default: 1000 } as const
const password = { type: 'string', minLength: 0 } as const
const name = { type: 'string', minLength: 1 } as const
const keepalive = {
  redis_keepalive_timeout: { type: 'integer', minimum: 1000, default: 10_000 },
  redis_keepalive_pool: { type: 'integer', minimum: 1, default: 100 },
} as const

export const redisFields = {
  properties: {
    redis_host: { type: 'string', minLength: 2 },
    redis_port: { ...port, default: 6379 },
    redis_username: name,
    redis_password: password,
    redis_database: { type: 'integer', minimum: 0, default: 0 },
    redis_timeout: timeout,
    redis_ssl: { type: 'boolean', default: false },
    redis_ssl_verify: { type: 'boolean', default: false },
    ...keepalive,
  },
  required: ['redis_host'],
} as const

export const redisClusterFields = {
  properties: {
    redis_cluster_nodes: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 2, maxLength: 100 },
    },
    redis_password: password,
    redis_timeout: timeout,
    redis_cluster_name: { type: 'string' },
    redis_cluster_ssl: { type: 'boolean', default: false },
    redis_cluster_ssl_verify: { type: 'boolean', default: false },
    ...keepalive,
  },
  required: ['redis_cluster_nodes', 'redis_cluster_name'],
} as const

export const redisSentinelFields = {
  properties: {
    redis_sentinels: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { host: { type: 'string', minLength: 2 }, port: { ...port, maximum: 65_535 } },
        required: ['host', 'port'],
        additionalProperties: false,
      },
    },
    redis_master_name: name,
    redis_role: { type: 'string', enum: ['master', 'slave'], default: 'master' },
    redis_connect_timeout: timeout,
    redis_read_timeout: timeout,
    redis_keepalive_timeout: { type: 'integer', minimum: 1, default: 60_000 },
    redis_database: { type: 'integer', minimum: 0, default: 0 },
    redis_username: name,
    redis_password: password,
    sentinel_username: name,
    sentinel_password: password,
  },
  required: ['redis_sentinels', 'redis_master_name'],
} as const

/** The policies of limit-req and limit-conn. */
export const policyMemberWithoutSentinel = {
  type: 'string',
  enum: ['redis', 'redis-cluster', 'local'],
  default: 'local',
} as const

/* oxlint-disable unicorn/no-thenable -- JSON Schema's word */
/** To be spread into the schema of a plugin that has `policy` among its members. */
export const policyConditions = {
  if: { properties: { policy: { enum: ['redis'] } } },
  then: redisFields,
  else: {
    if: { properties: { policy: { enum: ['redis-cluster'] } } },
    then: redisClusterFields,
    else: {
      if: { properties: { policy: { enum: ['redis-sentinel'] } } },
      then: redisSentinelFields,
    },
  },
} as const

export const policyConditionsWithoutSentinel = {
  if: { properties: { policy: { enum: ['redis'] } } },
  then: redisFields,
  else: { if: { properties: { policy: { enum: ['redis-cluster'] } } }, then: redisClusterFields },
} as const
