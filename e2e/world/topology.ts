// The two ways in which the mission runs: one process on the embedded store, and etcd with two data planes and Redis.
import { type Etcd, type Redis, type RedisOptions, startEtcd, startRedis } from '@weir/testkit'
import { startWeir, type Weir, type WeirOptions } from './weir.ts'

export interface Topology {
  readonly name: string
  /** Where the Admin API is. */
  readonly control: Weir
  /** Where traffic goes; calls are spread over them in turn. */
  readonly planes: readonly Weir[]
  readonly redis: Redis | undefined
  readonly etcd: Etcd | undefined
  /** The proxy's address for the next call. */
  next(path: string): string
  stop(): Promise<void>
}

export async function startEmbedded(options: WeirOptions = {}): Promise<Topology> {
  const weir = await startWeir(options)
  return topology('the embedded store', weir, [weir], undefined, undefined)
}

export async function startReplicas(
  options: WeirOptions = {},
  redisOptions: RedisOptions = {},
): Promise<Topology> {
  const [etcd, redis] = await Promise.all([startEtcd(), startRedis(redisOptions)])
  const store = { ...options, etcd }
  const control = await startWeir({ ...store, role: 'control-plane' })
  const planes = await Promise.all([
    startWeir({ ...store, role: 'data-plane' }),
    startWeir({ ...store, role: 'data-plane' }),
  ])
  return topology('etcd, two data planes and Redis', control, planes, redis, etcd)
}

function topology(
  name: string,
  control: Weir,
  planes: readonly Weir[],
  redis: Redis | undefined,
  etcd: Etcd | undefined,
): Topology {
  let turn = 0
  return {
    name,
    control,
    planes,
    redis,
    etcd,
    next: (path) => `${planes[turn++ % planes.length]?.proxyUrl}${path}`,
    async stop() {
      await Promise.all([...new Set([control, ...planes])].map((weir) => weir.stop()))
      await Promise.all([redis?.stop(), etcd?.stop()])
    },
  }
}

/** The quota plugins' fields that choose where the counters live. Redis shares the machine with all that asks it. */
export function counterPolicy({ redis }: Topology): Readonly<Record<string, unknown>> {
  if (!redis) return { policy: 'local' }
  return { policy: 'redis', redis_host: redis.host, redis_port: redis.port, redis_timeout: 10_000 }
}
