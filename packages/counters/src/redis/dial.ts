// One connection attempt to what a policy names.
import type { Redis, RedisOptions } from 'ioredis'
import type { CounterPolicy } from '../store.ts'

export type RedisPolicy = Exclude<CounterPolicy, { readonly policy: 'local' }>

export interface Target {
  /** For messages: where, never with what credentials. */
  readonly name: string
  /** Milliseconds for connecting and for each answer. */
  readonly timeoutMs: number
  /** Milliseconds without use after which the connection is closed. */
  readonly idleMs: number
  /** A client that has not connected yet and that never tries a second time. */
  dial(): Promise<Redis>
}

export function targetOf(policy: RedisPolicy): Target {
  const { redis_host: host, redis_port: port, redis_timeout: timeoutMs } = policy
  const options = {
    host,
    port,
    db: policy.redis_database,
    connectTimeout: timeoutMs,
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disableClientInfo: true,
    protocol: 2,
    ...credentialsOf(policy.redis_username, policy.redis_password),
    ...(policy.redis_ssl && { tls: { rejectUnauthorized: policy.redis_ssl_verify, servername: host } }),
  } satisfies RedisOptions
  return {
    name: `redis ${host}:${port}`,
    timeoutMs,
    idleMs: policy.redis_keepalive_timeout,
    async dial() {
      // Loaded with the first use: most gateways count locally, and the client is a megabyte of code.
      const { Redis } = await import('ioredis')
      return new Redis(options)
    },
  }
}

/** As in APISIX, a user name without a password is not used. */
function credentialsOf(
  username: string | undefined,
  password: string | undefined,
): Pick<RedisOptions, 'username' | 'password'> {
  if (!password) return {}
  return username ? { username, password } : { password }
}
