// All pools of this thread, one for each distinct set of options.
import type { LookupFunction } from 'node:net'
import { createConnect } from './connect.ts'
import { ConnectionPool } from './connection-pool.ts'
import type { Origin, OriginOptions, Origins } from './exchange.ts'

/** Pools remembered at most; beyond it those without a connection in use are closed, the longest unused first. */
const poolsMax = 4096

export interface OriginsSettings {
  /** How host names become addresses; by default the operating system's way, in its thread pool. */
  readonly lookup?: LookupFunction | undefined
  readonly poolsMax?: number | undefined
}

/** Call it once per thread. */
export function createOrigins(settings: OriginsSettings = {}): Origins {
  // A Map keeps the order of insertion, so re-inserting on use makes its first entry the longest unused.
  const pools = new Map<string, ConnectionPool>()
  const limit = settings.poolsMax ?? poolsMax

  return {
    open(options): Origin {
      const key = keyOf(options)
      let pool = pools.get(key)
      if (pool) pools.delete(key)
      else pool = new ConnectionPool(options, createConnect(options, settings.lookup))
      pools.set(key, pool)
      if (pools.size > limit) dropUnused(pools, pool)
      return pool
    },
    async close() {
      await Promise.all(Array.from(pools.values(), (pool) => pool.close()))
      pools.clear()
    },
  }
}

/**
 * A dropped pool stays usable for whoever still holds it; its idle connections end by their own time. It is only no
 * longer shared with those who ask anew.
 */
function dropUnused(pools: Map<string, ConnectionPool>, newest: ConnectionPool): void {
  for (const [key, pool] of pools) {
    if (pool === newest || pool.inUse > 0) continue
    pools.delete(key)
    return
  }
}

function keyOf(options: OriginOptions): string {
  const { origin, serverName, verifyCertificate, clientCertificate, connectTimeoutMs, keepAlive } = options
  return JSON.stringify([
    origin,
    serverName,
    verifyCertificate,
    clientCertificate?.cert,
    clientCertificate?.key,
    connectTimeoutMs,
    keepAlive.connections,
    keepAlive.idleMs,
    keepAlive.requests,
  ])
}
