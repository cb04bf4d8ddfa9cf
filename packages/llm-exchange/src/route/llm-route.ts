// One configuration of ai-proxy or ai-proxy-multi at work: its instances, who is next, and what was learned of them.
import { TokenEstimator } from '@weir/llm'
import type { Awaitable, GatewayResponse, PluginHost, Reply, RequestContext } from '@weir/plugin-api'
import { createBalancer, type NodeHealth } from '@weir/upstream'
import { openExchange } from '../exchange/open-exchange.ts'
import { RequestExchange } from '../exchange/request-exchange.ts'
import { createInstance, type Instance } from '../instance/instance.ts'
import { createSemanticPicker, type SemanticPicker } from '../semantic/semantic-picker.ts'
import type { RouteSettings } from '../settings.ts'
import { createFallbackRules } from './fallback.ts'
import { createHashKey } from './hash-key.ts'
import { QuotaMetrics } from './quota-metrics.ts'
import type { RouteState } from './route-state.ts'
import { Switches } from './switches.ts'

export interface LlmRoute {
  /** Reads the request and picks an instance; from then on `ctx.llm` is there. */
  access(ctx: RequestContext): Awaitable<Reply | undefined>
  /** Calls the LLM. */
  proxy(ctx: RequestContext): Awaitable<GatewayResponse>
}

/** Reservations live at least so long, and are renewed while a stream goes on that has no bound of its own. */
const leaseMsMin = 600_000

const noLogging = { summaries: false, payloads: false }

export function createLlmRoute(settings: RouteSettings, host: PluginHost): LlmRoute {
  const route = createState(settings, host)
  return {
    access: (ctx) => openExchange(ctx, route),
    proxy(ctx) {
      const { llm } = ctx
      if (llm instanceof RequestExchange) return llm.proxy()
      throw new Error('the exchange of this request was not opened')
    },
  }
}

function createState(settings: RouteSettings, host: PluginHost): RouteState {
  const instances = settings.instances.map((one, index) => createInstance(one, index, settings, host))
  const semantic = createSemantic(settings, instances, host)
  const fallback = createFallbackRules(semantic ? {} : settings)
  const checked = instances.filter(({ isChecked }) => isChecked).flatMap(({ targets }) => targets ?? [])
  const { timeout, max_stream_duration_ms: durationMs } = settings
  const tiers = JSON.stringify(instances.map(({ name, priority }) => [name, priority]))
  return {
    host,
    instances,
    fallback,
    attemptRules: {
      ...settings,
      failureStatuses: fallback.statuses,
      trustedAddresses: host.settings.trustedAddresses,
    },
    maxRequestBytes: settings.max_req_body_size,
    logging: settings.logging ?? noLogging,
    leaseMs: durationMs === undefined ? Math.max(leaseMsMin, 2 * timeout) : 2 * timeout + durationMs,
    isEndless: durationMs === undefined,
    estimator: host.keep('token estimates', '', () => new TokenEstimator()),
    switches: host.keep('served tier', tiers, () => new Switches(instances)),
    quotaMetrics: new QuotaMetrics(host.metrics),
    prepare() {
      let waits: Promise<void>[] | undefined
      for (const targets of checked) {
        const asked = targets.refresh()
        if (asked) (waits ??= []).push(asked)
      }
      if (waits) return Promise.all(waits).then(() => undefined)
    },
    semantic,
    pick: createPicker(settings, instances, host),
  }
}

function createSemantic(
  { balancer, semantic_opts: options, instances: configured }: RouteSettings,
  instances: readonly Instance[],
  host: PluginHost,
): SemanticPicker | undefined {
  if (balancer.algorithm !== 'semantic' || !options) return undefined
  return createSemanticPicker(options, configured, instances, host)
}

/** One instance is taken as it is: no balancer, no health, no second try (ai-plugins.md §8.1). */
function createPicker(
  settings: RouteSettings,
  instances: readonly Instance[],
  host: PluginHost,
): RouteState['pick'] {
  const [only] = instances
  if (instances.length === 1) return (_ctx, tried) => (tried.length === 0 ? only : undefined)
  const type = settings.balancer.algorithm === 'chash' ? 'chash' : 'roundrobin'
  const nodes = settings.instances.map(({ name, weight, priority }) => ({ id: name, weight, priority }))
  // Kept, so that an edit elsewhere in the configuration does not start the round anew.
  const balancer = host.keep('balancer', JSON.stringify([type, nodes]), () => createBalancer(type, nodes))
  const hashKey = type === 'chash' ? createHashKey(settings.balancer) : undefined
  const health = healthOf(instances)
  return (ctx, tried) => instances[balancer.pick(tried, health, hashKey?.(ctx))]
}

/** Undefined when no instance is checked, so that nothing is asked on the hot path. */
function healthOf(instances: readonly Instance[]): NodeHealth | undefined {
  if (!instances.some(({ isChecked }) => isChecked)) return undefined
  return {
    isUsable: (index) => instances[index]?.targets?.anyUsable() ?? true,
    anyUsable: () => instances.some(({ targets }) => targets?.anyUsable() ?? true),
  }
}
