// The little that a store needs of a Redis client, be it one connection or a cluster's.
import type { Cluster, Redis } from 'ioredis'
import type { CommandArgument } from '../store.ts'

interface Scanner {
  scan(
    cursor: string,
    match: 'MATCH',
    pattern: string,
    countWord: 'COUNT',
    count: number,
  ): Promise<[cursor: string, keys: string[]]>
}

export interface Client {
  /** Connects and hears an answer: a server that is frozen or loading accepts connections too. */
  open(): Promise<void>
  evalsha(sha1: string, keys: readonly string[], args: readonly string[]): Promise<unknown>
  eval(lua: string, keys: readonly string[], args: readonly string[]): Promise<unknown>
  call(command: string, args: readonly CommandArgument[]): Promise<unknown>
  /** The servers that hold keys, each of which tells of its own. */
  servers(): readonly Scanner[]
  /** Hears of what went wrong in the background. */
  onError(listener: (error: unknown) => void): void
  onClose(listener: () => void): void
  close(): void
}

/** `database` is what the server must have: the client itself goes on with another one when it does not. */
export function fromRedis(redis: Redis, database: number): Client {
  let isCorked = false

  /** What all requests of this turn of the event loop ask is written at once. */
  function gather(): void {
    if (isCorked) return
    isCorked = true
    const { stream } = redis
    stream.cork()
    setImmediate(() => {
      isCorked = false
      stream.uncork()
    })
  }

  return {
    async open() {
      await redis.connect()
      await (database === 0 ? redis.ping() : redis.select(database))
    },
    evalsha: (sha1, keys, args) => redis.evalsha(sha1, keys.length, ...keys, ...args),
    eval: (lua, keys, args) => redis.eval(lua, keys.length, ...keys, ...args),
    call(command, args) {
      gather()
      return redis.call(command, ...args)
    },
    servers: () => [redis],
    onError: (listener) => void redis.on('error', listener),
    onClose: (listener) => void redis.on('close', listener),
    close: () => redis.disconnect(),
  }
}

export function fromCluster(cluster: Cluster): Client {
  return {
    async open() {
      await cluster.connect()
      await cluster.ping()
    },
    evalsha: (sha1, keys, args) => cluster.evalsha(sha1, keys.length, ...keys, ...args),
    eval: (lua, keys, args) => cluster.eval(lua, keys.length, ...keys, ...args),
    call: (command, args) => cluster.call(command, ...args),
    servers: () => cluster.nodes('master'),
    onError: (listener) => void cluster.on('error', listener).on('node error', listener),
    onClose: (listener) => void cluster.on('end', listener),
    close: () => cluster.disconnect(),
  }
}
