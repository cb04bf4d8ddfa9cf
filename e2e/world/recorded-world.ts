// The gateway of the recordings, set up anew: the recorded consumers and routes, before fakes of what was behind them.
import {
  type AliyunServer,
  type LlmServer,
  rawRequest,
  type RawResponse,
  type RecordedRequest,
  type Redis,
  type Scenario,
  startAliyunServer,
  startLlmServer,
  startRedis,
  until,
} from '@weir/testkit'
import { afterAll, beforeAll } from 'vitest'
import { untilRouted } from './calls.ts'
import type { RecordedRow } from './recorded-rows.ts'
import { startWeir, type Weir } from './weir.ts'

/** A request as the fake of a recorded port got it. */
export type UpstreamSight = NonNullable<RecordedRow['upstream_seen']>[number]

export interface RecordedWorld {
  readonly weir: Weir
  /** By the ports that they had with the recorder. */
  readonly providers: ReadonlyMap<number, LlmServer>
  call(request: RecordedRow['request']): Promise<RawResponse>
  /** The fakes forget what they got. */
  clear(): void
  /** What they got since, in that order. */
  upstreamSaw(): readonly UpstreamSight[]
  /** Makes these answer 500 to everything, probes too, and all others as usual. Returns when the gateway knows. */
  force(ports: readonly number[]): Promise<void>
  /** Replaces the port at the end of a host by the recorder's. */
  toRecorded(host: string): string
}

const recordedPorts = [19101, 19102, 19103]

const failing: Scenario = {
  status: 500,
  body: '{"error":{"message":"forced unhealthy 500","type":"server_error"}}',
}

/** Starts it before the tests of a file, and ends it behind them. */
export function useRecordedWorld(rows: readonly RecordedRow[]): () => RecordedWorld {
  let world: (RecordedWorld & { stop(): Promise<void> }) | undefined
  beforeAll(async () => {
    world = await startRecordedWorld(rows)
  }, 120_000)
  afterAll(() => world?.stop())
  return () => {
    if (!world) throw new Error('not started')
    return world
  }
}

async function startRecordedWorld(rows: readonly RecordedRow[]) {
  const weir = await startWeir()
  const redis = await startRedis()
  const aliyun = await startAliyunServer({ accessKeyId: 'k', accessKeySecret: 's' })
  const providers = new Map<number, LlmServer>()
  for (const port of recordedPorts)
    providers.set(port, await startLlmServer({ name: String(port), script: recordedVectors }))
  await putConsumers(weir)
  const routes = new Map(rows.map(({ route }) => [route?.uri, route]))
  let id = 0
  for (const route of routes.values()) {
    if (!route) continue
    const local = toLocal(JSON.stringify(route), { aliyun, redis, providers })
    await weir.put(`routes/${++id}`, JSON.parse(local))
    if (!route.hosts && !route.vars) await untilRouted(weir.proxyUrl + route.uri.replace('*', 'none'))
  }

  async function isUnhealthy(port: number): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${weir.controlPort}/v1/healthcheck`)
    const checkers = (await response.json()) as readonly {
      readonly nodes: readonly { readonly port: number; readonly status: string }[]
    }[]
    const local = providers.get(port)?.port
    return checkers.some(({ nodes }) =>
      nodes.some((node) => node.port === local && node.status === 'unhealthy'),
    )
  }

  return {
    weir,
    providers,
    call: ({ method, path, headers, body }: RecordedRow['request']) =>
      rawRequest({
        port: operatorPort(weir, path) ?? weir.proxyPort,
        method,
        path,
        ...(headers && { headers }),
        ...(body !== undefined && { body }),
      }),
    clear() {
      for (const provider of providers.values()) provider.clear()
    },
    upstreamSaw: () =>
      [...providers]
        .flatMap(([port, { requests }]) => requests.map((request) => ({ port, ...request })))
        .toSorted((one, other) => one.startedAtMs - other.startedAtMs)
        .map(({ rawHeaders: headers, ...request }) => ({ ...request, headers })),
    async force(ports: readonly number[]) {
      for (const [port, provider] of providers)
        provider.setScenario(ports.includes(port) ? failing : undefined)
      for (const port of ports) await until(() => isUnhealthy(port), { what: 'a failed health check' })
    },
    toRecorded: (host: string) =>
      host.replace(/\d+$/, (digits) => {
        if (Number(digits) === weir.proxyPort) return '9080'
        for (const [port, provider] of providers) if (Number(digits) === provider.port) return String(port)
        return digits
      }),
    async stop() {
      await weir.stop()
      await aliyun.close()
      await redis.stop()
      await Promise.all([...providers.values()].map((provider) => provider.close()))
    },
  }
}

function operatorPort(weir: Weir, path: string): number | undefined {
  if (path === '/v1/healthcheck') return weir.controlPort
  return path === '/apisix/prometheus/metrics' ? weir.metricsPort : undefined
}

/** One call a minute. */
const limit = (message: string) => ({
  'limit-count': { count: 1, time_window: 60, rejected_code: 429, rejected_msg: message },
})

async function putConsumers(weir: Weir): Promise<void> {
  await weir.put('consumers/dp_b', {
    username: 'dp_b',
    plugins: {
      'key-auth': { key: 'dp-key-b' },
      'ai-rate-limiting': {
        limit: 20,
        time_window: 60,
        rejected_code: 429,
        rejected_msg: 'consumer b exhausted',
      },
    },
  })
  await weir.put('consumers/xc', { username: 'xc', plugins: { 'key-auth': { key: 'xc-key' } } })
  await weir.put('consumer_groups/xcg', { plugins: limit('group limit') })
  await weir.put('consumers/xcg', {
    username: 'xcg',
    group_id: 'xcg',
    plugins: { 'key-auth': { key: 'xcg-key' } },
  })
  await weir.put('consumers/xanon', { username: 'xanon', plugins: limit('anon limit') })
  await weir.put('plugin_configs/xpc', { plugins: limit('pc') })
}

/** Vectors that are as near to each other as those of the recorder's fake were. */
function recordedVectors({ json }: RecordedRequest): Scenario | undefined {
  if (typeof json !== 'object' || json === null || !('model' in json) || json.model !== 'emb')
    return undefined
  const input = 'input' in json && Array.isArray(json.input) ? (json.input as unknown[]) : []
  const cosines: Readonly<Record<string, number>> = { hi: 1, code: 0.3457, poem: 0.6117 }
  const data = input.map((text) => {
    const cosine = cosines[String(text)] ?? 0
    return { embedding: [cosine, Math.sqrt(1 - cosine * cosine)] }
  })
  return { body: JSON.stringify({ data }) }
}

/** The recorded ports replaced by the ones that the fakes have here. */
function toLocal(
  text: string,
  {
    aliyun,
    redis,
    providers,
  }: {
    readonly aliyun: AliyunServer
    readonly redis: Redis
    readonly providers: ReadonlyMap<number, LlmServer>
  },
): string {
  // The recorder's fake played the moderation service too: an endpoint without a path, before its region.
  let local = text.replaceAll(
    '"endpoint":"http://127.0.0.1:19101","region_id"',
    `"endpoint":"${aliyun.url}","region_id"`,
  )
  local = local.replaceAll('<file>', '/dev/null')
  local = local.replaceAll('"redis_port":6390', `"redis_port":${redis.port}`)
  for (const [port, provider] of providers) {
    local = local.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${provider.port}`)
    local = local.replaceAll(`"port":${port}`, `"port":${provider.port}`)
  }
  return local
}
