// What the access log says of a request.
import {
  type LlmExchange,
  type RequestContext,
  requestId,
  type RequestSummary,
  secretArguments,
} from '@weir/plugin-api'
import { noUsage } from '@weir/llm'
import type { AccessLogEntry, LlmPart, UpstreamPart } from '@weir/telemetry'
import { IncomingRequest } from '../pipeline/index.ts'

export function toAccessEntry(ctx: RequestContext, summary: RequestSummary): AccessLogEntry {
  const { request, route } = ctx
  return {
    startedAt: performance.timeOrigin + ctx.startedAt,
    requestId: ctx.state.get(requestId) ?? ctx.id,
    remoteAddress: request.remoteAddress,
    method: request.method,
    target: request.target,
    secretArguments: ctx.state.get(secretArguments),
    httpVersion: request instanceof IncomingRequest ? request.message.httpVersion : '1.1',
    host: request.header('host'),
    status: summary.status,
    bodyBytesSent: summary.responseBytes,
    requestLength: summary.requestBytes,
    durationMs: summary.durationMs,
    referer: request.header('referer'),
    userAgent: request.header('user-agent'),
    routeId: route.id,
    serviceId: route.serviceId,
    consumerName: ctx.consumer?.username,
    outcome: summary.outcome,
    responseSource: summary.source,
    upstream: upstreamPart(ctx, summary),
    llm: ctx.llm && llmPart(ctx.llm),
  }
}

function upstreamPart(
  { upstream }: RequestContext,
  { upstreamMs }: RequestSummary,
): UpstreamPart | undefined {
  const { attempts, scheme, host, uri } = upstream
  if (attempts.length === 0) return undefined
  const [first] = attempts
  const only = attempts.length === 1 ? first : undefined
  return {
    addresses: only ? only.address : attempts.map(({ address }) => address).join(', '),
    statuses: only ? String(only.status) : attempts.map(({ status }) => status).join(', '),
    responseMs: upstreamMs,
    scheme,
    host,
    uri,
  }
}

function llmPart(llm: LlmExchange): LlmPart {
  const usage = llm.usage ?? noUsage
  const { attempts, reason, accounts } = llm.ledger
  return {
    stream: llm.stream,
    requestModel: llm.requestModel,
    model: llm.model,
    instance: llm.instance,
    timeToFirstTokenMs: llm.timeToFirstTokenMs,
    upstreamMs: llm.upstreamMs,
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    totalTokens: usage.totalTokens,
    cacheReadTokens: usage.cacheReadTokens,
    cacheCreationTokens: usage.cacheCreationTokens,
    reasoningTokens: usage.reasoningTokens,
    usageSource: usage.source,
    hasToolCalls: llm.hasToolCalls,
    toolCount: llm.toolCount,
    endUser: llm.endUser,
    riskLevel: llm.riskLevel,
    attempts,
    endReason: reason,
    quota: accounts,
  }
}
