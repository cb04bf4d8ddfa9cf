// The variables that expressions, templates and logs may name (routing.md §5, ai-plugins.md §9).
import { hostname } from 'node:os'
import { TLSSocket } from 'node:tls'
import { rateLimitingInfo, requestId, traceContext, type UpstreamAttempt } from '@weir/plugin-api'
import type { Context } from './context.ts'
import { isBodyVariable, readBodyVariable } from './body-variables.ts'
import { cookie, remoteUser, requestHeader, answerHeader, sentAs, sentHeader } from './header-variables.ts'
import { localTime } from './local-time.ts'
import { readTlsVariable } from './tls-variables.ts'

type Read = (ctx: Context) => unknown

const hostName = hostname()

const readers: Readonly<Record<string, Read>> = {
  remote_addr: (ctx) => ctx.request.remoteAddress,
  realip_remote_addr: (ctx) => ctx.request.peerAddress,
  remote_port: (ctx) => String(ctx.request.remotePort || ''),
  server_addr: (ctx) => ctx.request.message.socket.localAddress,
  server_port: (ctx) => String(ctx.request.message.socket.localPort ?? ''),
  hostname: () => hostName,
  scheme: (ctx) => ctx.request.scheme,
  host: (ctx) => ctx.request.host,
  server_name: (ctx) => ctx.request.host,
  request_method: (ctx) => ctx.request.method,
  uri: (ctx) => ctx.request.path,
  document_uri: (ctx) => ctx.request.path,
  request_uri: (ctx) => requestUri(ctx),
  real_request_uri: (ctx) => ctx.request.target,
  request_line: (ctx) =>
    `${ctx.request.method} ${ctx.request.target} HTTP/${ctx.request.message.httpVersion}`,
  request: (ctx) => `${ctx.request.method} ${ctx.request.target} HTTP/${ctx.request.message.httpVersion}`,
  args: (ctx) => ctx.request.query || undefined,
  query_string: (ctx) => ctx.request.query || undefined,
  content_type: (ctx) => ctx.request.header('content-type'),
  content_length: (ctx) => ctx.request.header('content-length'),
  request_length: (ctx) => String(ctx.request.bodyBytes),
  server_protocol: (ctx) => `HTTP/${ctx.request.message.httpVersion}`,
  original_x_forwarded_for: (ctx) => sentAs(ctx.request.message.rawHeaders, 'x-forwarded-for'),
  remote_user: (ctx) => remoteUser(ctx),
  is_args: (ctx) => (ctx.request.query ? '?' : ''),
  request_id: (ctx) => ctx.id,
  apisix_request_id: (ctx) => ctx.state.get(requestId) ?? ctx.id,
  request_time: (ctx) => ((performance.now() - ctx.startedAt) / 1000).toFixed(3),
  msec: () => (Date.now() / 1000).toFixed(3),
  time_iso8601: () => new Date().toISOString(),
  time_local: () => localTime(new Date()),
  // A number, unlike other variables of nginx's, so that `in` finds it in a list of numbers.
  status: (ctx) => ctx.response?.status ?? ctx.reply.statusCode,
  body_bytes_sent: (ctx) => String(ctx.bodyBytesSent),
  bytes_sent: (ctx) => String(ctx.bodyBytesSent),
  upstream_addr: (ctx) => list(ctx, (attempt) => attempt.address),
  upstream_status: (ctx) => list(ctx, (attempt) => String(attempt.status)),
  upstream_response_time: (ctx) => list(ctx, (attempt) => seconds(attempt.responseMs)),
  upstream_connect_time: (ctx) => list(ctx, (attempt) => seconds(attempt.connectMs)),
  upstream_header_time: (ctx) => list(ctx, (attempt) => seconds(attempt.headerMs)),
  upstream_scheme: (ctx) => ctx.upstream.scheme || undefined,
  upstream_host: (ctx) => ctx.upstream.host || undefined,
  upstream_uri: (ctx) => ctx.upstream.uri || undefined,
  upstream_unresolved_host: (ctx) => ctx.upstream.unresolvedHost || undefined,
  balancer_ip: (ctx) => ctx.upstream.node || undefined,
  balancer_port: (ctx) => /:(\d+)$/.exec(ctx.upstream.attempts.at(-1)?.address ?? '')?.[1],
  consumer_name: (ctx) => ctx.consumer?.username,
  consumer_group_id: (ctx) => ctx.consumer?.groupId,
  route_id: (ctx) => ctx.route.id || undefined,
  route_name: (ctx) => ctx.route.name,
  service_id: (ctx) => ctx.route.serviceId,
  service_name: (ctx) => ctx.route.serviceName,
  request_type: (ctx) => requestType(ctx),
  request_llm_model: (ctx) => ctx.llm?.requestModel ?? '',
  llm_model: (ctx) => ctx.llm?.model ?? '',
  llm_time_to_first_token: (ctx) => ctx.llm?.timeToFirstTokenMs ?? 0,
  apisix_upstream_response_time: (ctx) =>
    ctx.llm ? ctx.llm.upstreamMs : list(ctx, (attempt) => seconds(attempt.responseMs)),
  llm_prompt_tokens: (ctx) => ctx.llm?.usage?.promptTokens ?? 0,
  llm_completion_tokens: (ctx) => ctx.llm?.usage?.completionTokens ?? 0,
  llm_total_tokens: (ctx) => ctx.llm?.usage?.totalTokens ?? 0,
  llm_cache_read_input_tokens: (ctx) => ctx.llm?.usage?.cacheReadTokens ?? 0,
  llm_cache_creation_input_tokens: (ctx) => ctx.llm?.usage?.cacheCreationTokens ?? 0,
  llm_reasoning_tokens: (ctx) => ctx.llm?.usage?.reasoningTokens ?? 0,
  llm_stream: (ctx) => String(ctx.llm?.stream ?? false),
  llm_has_tool_calls: (ctx) => String(ctx.llm?.hasToolCalls ?? false),
  llm_tool_count: (ctx) => ctx.llm?.toolCount ?? 0,
  llm_end_user_id: (ctx) => ctx.llm?.endUser ?? '',
  llm_content_risk_level: (ctx) => ctx.llm?.riskLevel ?? '',
  rate_limiting_info: (ctx) => limitingInfo(ctx),
  opentelemetry_context_traceparent: (ctx) => ctx.state.get(traceContext)?.traceparent,
  opentelemetry_trace_id: (ctx) => ctx.state.get(traceContext)?.traceId,
  opentelemetry_span_id: (ctx) => ctx.state.get(traceContext)?.spanId,
}

/** A variable by name, or undefined when it is absent or unknown. */
export function readVariable(ctx: Context, name: string): unknown {
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined
  if (read) return read(ctx)
  if (name.startsWith('http_')) return requestHeader(ctx, name.slice(5).toLowerCase())
  if (name.startsWith('arg_')) return ctx.request.queryArgument(name.slice(4))
  if (name.startsWith('cookie_')) return cookie(ctx, name.slice(7))
  if (name.startsWith('uri_param_')) return ctx.params?.[name.slice(10)]
  if (isBodyVariable(name)) return readBodyVariable(ctx, name)
  if (name.startsWith('sent_http_')) return sentHeader(ctx, name.slice(10))
  if (name.startsWith('upstream_http_')) return answerHeader(ctx, name.slice(14))
  if (name.startsWith('ssl_')) return tlsVariable(ctx, name)
  return undefined
}

function limitingInfo(ctx: Context): string | undefined {
  const info = ctx.state.get(rateLimitingInfo)
  if (!info) return undefined
  return JSON.stringify({
    rate_limiting_key: info.key,
    rate_limiting_limit: info.limit,
    rate_limiting_remaining: info.remaining,
    rate_limiting_reset: Math.floor(info.resetMs / 1000),
  })
}

/** `traditional_http`, `ai_chat` or `ai_stream` (ai-plugins.md §9). */
function requestType(ctx: Pick<Context, 'llm'>): string {
  if (!ctx.llm) return 'traditional_http'
  return ctx.llm.stream ? 'ai_stream' : 'ai_chat'
}

function tlsVariable({ request: { message } }: Context, name: string): string | undefined {
  return message.socket instanceof TLSSocket ? readTlsVariable(message.socket, name) : undefined
}

function requestUri(ctx: Context): string {
  return ctx.request.query ? `${ctx.request.path}?${ctx.request.query}` : ctx.request.path
}

function list(ctx: Context, read: (attempt: UpstreamAttempt) => string): string | undefined {
  const { attempts } = ctx.upstream
  return attempts.length === 0 ? undefined : attempts.map(read).join(', ')
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-' : (ms / 1000).toFixed(3)
}
