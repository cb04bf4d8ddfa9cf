// What a request's span says (contract/common-plugins.md §9): of bodies nothing, and of credentials nothing.
import type { RequestContext, RequestSummary } from '@weir/plugin-api'
import type { SpanAttributes } from '@weir/telemetry/otlp'
import { isSecret, toldTarget, toldVariable } from '../told-values/told-variable.ts'
import type { Config } from './schema.ts'

/** What is said of bodies is said by logs, where that is asked for. */
const withheld = new Set(['request_body', 'llm_request_body', 'llm_response_text'])

export function requestAttributes(
  ctx: RequestContext,
  { status, source }: RequestSummary,
  config: Config,
): SpanAttributes {
  const { request, route } = ctx
  const attributes: Record<string, string | number | boolean> = {
    'net.host.name': request.host,
    'http.method': request.method,
    'http.request.method': request.method,
    'http.scheme': request.scheme,
    'url.scheme': request.scheme,
    'http.target': toldTarget(ctx, request.target),
    'url.path': request.path,
    'apisix.response_source': source,
    'http.status_code': status,
    'http.response.status_code': status,
  }
  const userAgent = request.header('user-agent')
  if (userAgent !== undefined) {
    attributes['http.user_agent'] = userAgent
    attributes['user_agent.original'] = userAgent
  }
  if (route.id !== '') {
    attributes['apisix.route_id'] = route.id
    attributes['http.route'] = route.uri
  }
  if (route.name !== undefined) attributes['apisix.route_name'] = route.name
  if (route.serviceId !== undefined) attributes['apisix.service_id'] = route.serviceId
  if (route.serviceName !== undefined) attributes['apisix.service_name'] = route.serviceName
  for (const name of config.additional_attributes ?? []) {
    const value = shown(ctx, name)
    if (value !== undefined) attributes[name] = value
  }
  addHeaders(ctx, config.additional_header_prefix_attributes ?? [], attributes)
  return attributes
}

/** A text, whatever the variable is, as APISIX tells it. */
function shown(ctx: RequestContext, variable: string): string | undefined {
  const value = withheld.has(variable) ? undefined : toldVariable(ctx, variable)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `x-abc` is one header, `x-abc*` all that begin so. */
function addHeaders(
  ctx: RequestContext,
  patterns: readonly string[],
  attributes: Record<string, string | number | boolean>,
): void {
  if (patterns.length === 0) return
  for (const [header, value] of Object.entries(ctx.request.headers)) {
    if (value === undefined || isSecret(ctx, header) || !patterns.some((pattern) => matches(pattern, header)))
      continue
    attributes[header] = typeof value === 'string' ? value : value.join(', ')
  }
}

function matches(pattern: string, header: string): boolean {
  const wanted = pattern.toLowerCase()
  return wanted.endsWith('*') ? header.startsWith(wanted.slice(0, -1)) : header === wanted
}
