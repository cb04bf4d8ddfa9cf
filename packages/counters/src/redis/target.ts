// What a policy names: one server, the master that sentinels know, or a cluster.
import { timerMsMax } from '@weir/contract'
import type { ClusterOptions, RedisOptions } from 'ioredis'
import type { RedisClusterPolicy, RedisPolicy, RedisSentinelPolicy } from '../store.ts'
import { type Client, fromCluster, fromRedis } from './client.ts'

export interface Target {
  /** For messages: where, never with what credentials. */
  readonly name: string
  /** Milliseconds until a connection must stand. */
  readonly connectTimeoutMs: number
  /** Milliseconds for each answer. */
  readonly answerTimeoutMs: number
  /** Milliseconds without use after which the connection is closed. */
  readonly idleMs: number
  /** Whether it is many servers, of which one can fail without the others. */
  readonly isCluster: boolean
  /** A client that has not connected yet and that never tries a second time. */
  dial(): Promise<Client>
}

/** How often a cluster's client asks which node has which slots: the time in which it notices a failover. */
const SLOTS_REFRESH_MS = 2_000

/** What all connections have in common: a command is sent once, at once, or not at all. */
const plain = {
  lazyConnect: true,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  disableClientInfo: true,
  protocol: 2,
} as const satisfies RedisOptions

export function targetOf(policy: RedisPolicy | RedisClusterPolicy | RedisSentinelPolicy): Target {
  switch (policy.policy) {
    case 'redis':
      return serverTarget(policy)
    case 'redis-sentinel':
      return sentinelTarget(policy)
    case 'redis-cluster':
      return clusterTarget(policy)
  }
}

/** Milliseconds that are configured, as far as a timer goes. */
function timed(ms: number): number {
  return Math.min(ms, timerMsMax)
}

function serverTarget(policy: RedisPolicy): Target {
  const { redis_host: host, redis_port: port } = policy
  const timeoutMs = timed(policy.redis_timeout)
  const options = {
    ...plain,
    ...credentials(policy.redis_username, policy.redis_password),
    ...tls(policy.redis_ssl, policy.redis_ssl_verify, host),
    host,
    port,
    db: policy.redis_database,
    connectTimeout: timeoutMs,
  } satisfies RedisOptions
  return {
    name: `redis ${host}:${port}`,
    connectTimeoutMs: timeoutMs,
    answerTimeoutMs: timeoutMs,
    idleMs: timed(policy.redis_keepalive_timeout),
    isCluster: false,
    dial: () => dialRedis(options),
  }
}

function sentinelTarget(policy: RedisSentinelPolicy): Target {
  const { redis_sentinels: sentinels } = policy
  const connectTimeout = timed(policy.redis_connect_timeout)
  const answerTimeoutMs = timed(policy.redis_read_timeout)
  const options = {
    ...plain,
    ...credentials(policy.redis_username, policy.redis_password),
    ...(policy.sentinel_username && { sentinelUsername: policy.sentinel_username }),
    ...(policy.sentinel_password && { sentinelPassword: policy.sentinel_password }),
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: policy.redis_master_name,
    role: policy.redis_role,
    db: policy.redis_database,
    connectTimeout,
    sentinelCommandTimeout: answerTimeoutMs,
    sentinelRetryStrategy: () => null,
  } satisfies RedisOptions
  return {
    name: `redis sentinel ${policy.redis_master_name}`,
    // One sentinel after the other may be dead, and then comes the server.
    connectTimeoutMs: timed(connectTimeout * (sentinels.length + 1)),
    answerTimeoutMs,
    idleMs: timed(policy.redis_keepalive_timeout),
    isCluster: false,
    dial: () => dialRedis(options),
  }
}

function clusterTarget(policy: RedisClusterPolicy): Target {
  const { redis_cluster_nodes: nodes } = policy
  const timeoutMs = timed(policy.redis_timeout)
  const options = {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: () => null,
    slotsRefreshTimeout: timeoutMs,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    // A command whose connection broke may have been carried out; only who sent it knows what to do.
    retryDelayOnFailover: 0,
    redisOptions: {
      ...credentials(undefined, policy.redis_password),
      ...tls(policy.redis_cluster_ssl, policy.redis_cluster_ssl_verify, undefined),
      connectTimeout: timeoutMs,
      autoResendUnfulfilledCommands: false,
      disableClientInfo: true,
      protocol: 2,
    },
  } satisfies ClusterOptions
  return {
    name: `redis cluster ${policy.redis_cluster_name}`,
    connectTimeoutMs: timed(timeoutMs * (nodes.length + 1)),
    answerTimeoutMs: timeoutMs,
    idleMs: timed(policy.redis_keepalive_timeout),
    isCluster: true,
    async dial() {
      const { Cluster } = await import('ioredis')
      return fromCluster(new Cluster(nodes.map(addressOf), options))
    },
  }
}

/** The client is loaded with the first use: most gateways count locally, and it is a megabyte of code. */
async function dialRedis(
  options: typeof plain & RedisOptions & { db: number; replyMapping?: never },
): Promise<Client> {
  const { Redis } = await import('ioredis')
  return fromRedis(new Redis(options), options.db)
}

/** As in APISIX, a user name without a password is not used. */
function credentials(
  username: string | undefined,
  password: string | undefined,
): Pick<RedisOptions, 'username' | 'password'> {
  if (!password) return {}
  return username ? { username, password } : { password }
}

function tls(isOn: boolean, isVerified: boolean, servername: string | undefined): Pick<RedisOptions, 'tls'> {
  return isOn ? { tls: { rejectUnauthorized: isVerified, ...(servername && { servername }) } } : {}
}

function addressOf(node: string): { host: string; port: number } {
  const colon = node.lastIndexOf(':')
  if (colon < 0) return { host: node, port: 6379 }
  return { host: node.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(node.slice(colon + 1)) }
}
