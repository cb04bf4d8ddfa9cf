// For tests: configurations at work over real connections, and the requests of made-up clients.
import { createLocalCounters, type CounterStore } from '@weir/counters'
import type { UsageReport } from '@weir/llm'
import type { GatewayResponse, QuotaSource } from '@weir/plugin-api'
import {
  createTestContext,
  createTestHost,
  deliver,
  type Delivered,
  type TestContext,
  type TestContextOptions,
  type TestHost,
  type TestHostOptions,
  toResponse,
} from '@weir/plugin-api/harness'
import { createOrigins, createResolver, type Origins } from '@weir/upstream'
import { createLlmRoute, type LlmRoute } from './route/llm-route.ts'
import type { InstanceSettings, RouteSettings } from './settings.ts'

export interface World {
  readonly host: TestHost
  readonly origins: Origins
  route(instances: readonly Partial<InstanceSettings>[], more?: Partial<RouteSettings>): LlmRoute
}

export function createWorld(options: TestHostOptions = {}): World {
  const origins = createOrigins()
  const host = createTestHost({ origins, resolver: createResolver(), ...options })
  return {
    host,
    origins,
    route: (instances, more) => createLlmRoute(settingsOf(instances, more), host),
  }
}

export function settingsOf(
  instances: readonly Partial<InstanceSettings>[],
  more?: Partial<RouteSettings>,
): RouteSettings {
  return {
    plugin: 'ai-proxy-multi',
    timeout: 30_000,
    ssl_verify: true,
    keepalive: true,
    keepalive_timeout: 60_000,
    keepalive_pool: 30,
    max_req_body_size: 1024 * 1024,
    balancer: {},
    instances: instances.map((one, i) => ({
      name: `i${i}`,
      provider: 'openai-compatible',
      weight: 1,
      priority: 0,
      auth: {},
      ...one,
    })),
    ...more,
  }
}

export interface Call extends Delivered {
  readonly ctx: TestContext
  readonly response: GatewayResponse
}

export const hello = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
export const streamed = { ...hello, stream: true }

/** A whole request, as the pipeline would run it: access, proxy, the answer to its end, finish. */
export async function call(
  route: LlmRoute,
  options: TestContextOptions = { request: { body: hello } },
  onChunk?: (bytes: Buffer, ctx: TestContext) => void,
): Promise<Call> {
  const ctx = createTestContext(options)
  const response = await open(route, ctx)
  const delivered = await deliver(response, undefined, onChunk && ((bytes) => onChunk(bytes, ctx)))
  ctx.llm?.finish()
  return { ...delivered, ctx, response }
}

export async function open(route: LlmRoute, ctx: TestContext): Promise<GatewayResponse> {
  const refused = await route.access(ctx)
  return refused ? toResponse(refused) : route.proxy(ctx)
}

export interface TestQuota extends QuotaSource {
  readonly store: CounterStore
  used(instance: string): Promise<number>
}

/** Total tokens per instance; instances that are not named are unlimited. */
export function createQuota(
  limits: Readonly<Record<string, number>>,
  more: Partial<QuotaSource> & { readonly store?: CounterStore; readonly prefix?: string } = {},
): TestQuota {
  const { store = createLocalCounters(), prefix = '', ...overrides } = more
  return {
    store,
    level: 'instance',
    onRefusal: 'next_instance',
    asks(_ctx, instance) {
      const limit = limits[instance]
      if (limit === undefined) return []
      return [
        {
          store,
          key: prefix + instance,
          limit,
          windowSeconds: 60,
          amount: 1,
          admission: 'remaining',
          cost: (usage: UsageReport) => usage.totalTokens,
        },
      ]
    },
    decided(ctx, instance, [state]) {
      if (state)
        ctx.addResponseHeader(`X-Left-${prefix}${instance}`, String(Math.max(0, state.limit - state.used)))
    },
    refusal: () => ({ status: 429, body: { error_msg: `${prefix}quota` } }),
    unavailable: () => ({ status: 500, body: { error_msg: 'counters away' } }),
    async used(instance) {
      return (await store.read(prefix + instance))?.used ?? 0
    },
    ...overrides,
  }
}
