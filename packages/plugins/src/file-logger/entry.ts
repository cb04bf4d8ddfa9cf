// One request as loggers tell of it by default (common-plugins.md §7.1). Of headers and arguments that may hold a
// credential it gives the names alone.
import { hostname } from 'node:os'
import type { GatewayResponse, RequestContext, RequestSummary } from '@weir/plugin-api'
import { isSecret, toldTarget } from '../told-values/told-variable.ts'

const hidden = '***'
const hostName = hostname()
/** The version of APISIX whose behaviour this is. */
const version = '3.18.0'

export interface Bodies {
  readonly request: string | undefined
  readonly response: string | undefined
}

export function toEntry(
  ctx: RequestContext,
  summary: RequestSummary,
  response: GatewayResponse | undefined,
  bodies: Bodies,
): Record<string, unknown> {
  const { request, upstream, consumer } = ctx
  const { durationMs, upstreamMs } = summary
  const uri = toldTarget(ctx, request.target)
  return {
    request: {
      url: `${request.scheme}://${request.host}:${request.localPort}${uri}`,
      uri,
      method: request.method,
      headers: headersOf(ctx),
      querystring: argumentsOf(ctx),
      size: summary.requestBytes,
      body: bodies.request,
    },
    response: {
      status: summary.status,
      headers: response && responseHeadersOf(response),
      size: summary.responseBytes,
      body: bodies.response,
    },
    server: { hostname: hostName, version },
    upstream: upstream.attempts.map(({ address }) => address).join(', '),
    ...idsOf(ctx),
    consumer: consumer && { username: consumer.username },
    client_ip: request.remoteAddress,
    start_time: Math.round(performance.timeOrigin + ctx.startedAt),
    latency: durationMs,
    upstream_latency: upstreamMs,
    apisix_latency: Math.max(0, durationMs - (upstreamMs ?? 0)),
  }
}

/** Of a request that no route took, the host stands for the service. */
function idsOf({ route, request }: RequestContext): Record<string, unknown> {
  return route.id === ''
    ? { service_id: request.host }
    : { service_id: route.serviceId ?? '', route_id: route.id }
}

function headersOf(ctx: RequestContext): Record<string, unknown> {
  const entries = Object.entries(ctx.request.headers).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name, isSecret(ctx, name) ? hidden : value]))
}

function argumentsOf(ctx: RequestContext): Record<string, string> {
  const pairs = [...new URLSearchParams(ctx.request.query)]
  return Object.fromEntries(pairs.map(([name, value]) => [name, isSecret(ctx, name) ? hidden : value]))
}

function responseHeadersOf({ headers }: GatewayResponse): Record<string, string> {
  const shown: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase()
    const value = name === 'set-cookie' ? hidden : (headers[at + 1] ?? '')
    shown[name] = name in shown ? `${shown[name]}, ${value}` : value
  }
  return shown
}
