// One LLM that a configuration may call, with everything about it that no request changes.
import {
  type ClientProtocol,
  clientProtocols,
  type Endpoint,
  findProvider,
  hostHeader,
  parseEndpoint,
  type ProtocolName,
  type Provider,
} from '@weir/llm'
import type { PluginHost } from '@weir/plugin-api'
import type { Authorizer } from '../credentials/authorizer.ts'
import { createAuthorizer } from '../credentials/index.ts'
import type { InstanceSettings, RouteSettings } from '../settings.ts'
import { type CallPlan, createCallPlan, toPairs } from './call-plan.ts'
import { createCheckedTargets, createPlainTarget, type Targets } from './targets.ts'

export interface Instance {
  /** Its place in the configuration. */
  readonly index: number
  readonly name: string
  readonly priority: number
  readonly provider: string
  /** `options.model`; undefined leaves it to the client. */
  readonly model: string | undefined
  readonly scheme: string
  readonly hostName: string
  /** As the Host header has it. */
  readonly hostHeader: string
  /** Undefined when neither configuration nor provider names a host. */
  readonly targets: Targets | undefined
  /** Whether its targets are checked, so that it may be unhealthy. */
  readonly isChecked: boolean
  /** Lower-case name, value, name, value ... */
  readonly headers: readonly string[]
  readonly headerNames: ReadonlySet<string>
  /** Undefined when `headers` hold all credentials. */
  readonly authorizer: Authorizer | undefined
  /** By protocol; what is missing is not supported. */
  readonly plans: ReadonlyMap<ProtocolName, CallPlan>
  /** Equal for instances that send the same to the same model. */
  readonly identity: () => string
  readonly unsupported: (protocol: ClientProtocol) => string
}

/** Throws for an unknown provider; the schemas admit none. */
export function createInstance(
  settings: InstanceSettings,
  index: number,
  route: RouteSettings,
  host: PluginHost,
): Instance {
  const provider = findProvider(settings.provider)
  if (!provider) throw new Error(`ai provider: ${settings.provider} is not supported.`)
  const endpoint = endpointOf(settings, provider)
  const authorizer = createAuthorizer(settings, route.ssl_verify, host)
  const headers = [...toPairs(settings.auth.header)]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !authorizer?.headerNames.includes(name))
    .flat()
  headers.push('content-type', 'application/json')
  const supported = Object.keys(provider.paths).join(', ')
  const plans = new Map<ProtocolName, CallPlan>()
  for (const protocol of clientProtocols) {
    const plan = createCallPlan(settings, provider, endpoint, protocol)
    if (plan) plans.set(protocol.name, plan)
  }
  const model = settings.options?.['model']
  let identity: string | undefined
  return {
    index,
    name: settings.name,
    priority: settings.priority,
    provider: provider.name,
    model: typeof model === 'string' ? model : undefined,
    scheme: endpoint?.scheme ?? '',
    hostName: endpoint?.host ?? '',
    hostHeader: endpoint ? hostHeader(endpoint) : '',
    targets: endpoint && createTargets(settings, index, endpoint, route, host),
    isChecked: settings.checks !== undefined,
    headers,
    headerNames: new Set([...headers.filter((_, i) => i % 2 === 0), ...(authorizer?.headerNames ?? [])]),
    authorizer,
    plans,
    identity() {
      const { options, override, provider_conf } = settings
      return (identity ??= JSON.stringify([provider.name, options, override, provider_conf]))
    },
    unsupported: ({ name }) =>
      `provider ${provider.name} does not support ${name} protocol (supported: ${supported})`,
  }
}

function endpointOf(settings: InstanceSettings, provider: Provider): Endpoint | undefined {
  const text = settings.override?.endpoint
  if (text !== undefined) return parseEndpoint(text)
  const { host } = provider
  const name = typeof host === 'function' ? host(settings.provider_conf ?? {}) : host
  return name === undefined ? undefined : parseEndpoint(`https://${name}`)
}

function createTargets(
  settings: InstanceSettings,
  index: number,
  endpoint: Endpoint,
  route: RouteSettings,
  host: PluginHost,
): Targets {
  const { checks } = settings
  if (!checks) return createPlainTarget(endpoint, route, host)
  const name = `${host.owner.resourceKey}#plugins['${route.plugin}'].instances[${index}]`
  const query = new URLSearchParams([...toPairs(settings.auth.query)]).toString()
  const headers = Array.from(toPairs(settings.auth.header), ([header, value]) => `${header}: ${value}`)
  const { timeout, ssl_verify, keepalive, keepalive_timeout, keepalive_pool } = route
  const transport = { timeout, ssl_verify, keepalive, keepalive_timeout, keepalive_pool }
  // Checking goes on across edits of the configuration that do not concern this instance's checks.
  return host.keep(
    `targets of ${name}`,
    JSON.stringify([settings.name, endpoint, checks, headers, query, transport]),
    () =>
      createCheckedTargets({ endpoint, checks, transport, host, name, label: settings.name, headers, query }),
  )
}
