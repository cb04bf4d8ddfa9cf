// What is the same for every request of one protocol to one instance: worked out once per configuration.
import {
  BodyShaper,
  type ClientProtocol,
  type Conversion,
  type Endpoint,
  type JsonObject,
  type Provider,
  routeProtocol,
} from '@weir/llm'
import { isJsonObject } from '@weir/contract'
import { consumedArguments, hiddenArguments, type RequestContext } from '@weir/plugin-api'
import type { InstanceSettings } from '../settings.ts'

export interface CallPlan {
  /** What the instance is spoken to. */
  readonly target: ClientProtocol
  /** Undefined when the client speaks that too. */
  readonly conversion: Conversion | undefined
  readonly shaper: BodyShaper
  readonly method: (ctx: RequestContext) => string
  /** Path with query; undefined when something is missing of which it is made. */
  readonly path: (ctx: RequestContext, model: string, stream: boolean) => string | undefined
}

/** Undefined when the provider cannot be asked in this protocol. */
export function createCallPlan(
  settings: InstanceSettings,
  provider: Provider,
  endpoint: Endpoint | undefined,
  protocol: ClientProtocol,
): CallPlan | undefined {
  const route = routeProtocol(provider, endpoint?.path, protocol)
  if (!route) return undefined
  const { target } = route
  const shaper = createShaper(settings, provider, target)
  const authQuery = toPairs(settings.auth.query)
  const fixed = mergeQuery(authQuery, new URLSearchParams(endpoint?.query ?? ''))
  if (target.name === 'passthrough') {
    return {
      ...route,
      shaper,
      method: (ctx) => ctx.request.method,
      path: (ctx) => withQuery(endpoint?.path ?? clientPath(ctx), clientQuery(fixed, authQuery, ctx)),
    }
  }
  const path = endpoint?.path ?? provider.paths[target.name] ?? provider.countTokensPath
  if (typeof path === 'function') {
    const conf = settings.provider_conf ?? {}
    return {
      ...route,
      shaper,
      method: post,
      path(_ctx, model, stream) {
        const found = path({ conf, model, stream })
        return found === undefined ? undefined : withQuery(found, fixed)
      },
    }
  }
  const whole = path === undefined ? undefined : withQuery(path, fixed)
  return { ...route, shaper, method: post, path: () => whole }
}

function post(): string {
  return 'POST'
}

function createShaper(settings: InstanceSettings, provider: Provider, protocol: ClientProtocol): BodyShaper {
  const { override } = settings
  // What is counted has no other members.
  const isCount = protocol.name === 'anthropic-count-tokens'
  const options = isCount ? modelAlone(settings.options) : settings.options
  const patch = override?.request_body?.[protocol.name]
  return new BodyShaper(protocol, {
    options,
    maxTokens: override?.llm_options?.max_tokens,
    maxTokensMember: provider.maxTokens[protocol.name],
    patch: isJsonObject(patch) ? patch : undefined,
    forcePatch: override?.request_body_force_override ?? false,
    dropsModel: provider.dropsModel === 'always' || (provider.dropsModel?.includes(protocol.name) ?? false),
  })
}

function modelAlone(options: JsonObject | undefined): JsonObject | undefined {
  const model = options?.['model']
  return model === undefined ? undefined : { model }
}

/** The text values of a map of credentials; other values are no header or argument. */
export function toPairs(map: JsonObject | undefined): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const [name, value] of Object.entries(map ?? {})) {
    if (typeof value === 'string') pairs.set(name, value)
    else if (typeof value === 'number' || typeof value === 'boolean') pairs.set(name, String(value))
  }
  return pairs
}

/** Arguments of `over` replace those of `base` in their place (ai-plugins.md §6.2). */
function mergeQuery(base: ReadonlyMap<string, string>, over: URLSearchParams): URLSearchParams {
  const merged = new URLSearchParams([...base])
  for (const name of new Set(over.keys())) {
    const [first = '', ...more] = over.getAll(name)
    merged.set(name, first)
    for (const value of more) merged.append(name, value)
  }
  return merged
}

/** The client's own arguments go over the configured ones, except over credentials; its credentials stay here. */
function clientQuery(
  fixed: URLSearchParams,
  credentials: ReadonlyMap<string, string>,
  ctx: RequestContext,
): URLSearchParams {
  if (ctx.request.query === '') return fixed
  const wanted = new URLSearchParams(ctx.request.query)
  for (const name of credentials.keys()) wanted.delete(name)
  for (const name of ctx.state.get(consumedArguments) ?? []) wanted.delete(name)
  for (const name of ctx.state.get(hiddenArguments) ?? []) wanted.delete(name)
  return mergeQuery(new Map(fixed), wanted)
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

/** As the client wrote it; never a host, however the request's target looks. */
function clientPath({ request }: RequestContext): string {
  const end = request.target.indexOf('?')
  const path = end < 0 ? request.target : request.target.slice(0, end)
  return path.startsWith('/') ? path : encodeURI(request.path)
}
