// Calls of upstreams as spans, those of models by the semantic conventions for GenAI, and as metrics of the same.
import type { LlmExchange, RequestContext, UpstreamAttempt } from '@weir/plugin-api'
import type { OperationFacts, SpanAttributes, SpanFacts } from '@weir/telemetry/otlp'

/** Providers that the conventions call otherwise than the contract. */
const wellKnown: Readonly<Record<string, string>> = {
  'azure-openai': 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  'vertex-ai': 'gcp.vertex_ai',
}
const errorStatusMin = 400

export function attemptSpans(ctx: RequestContext, endMs: number): readonly SpanFacts[] {
  const { attempts } = ctx.upstream
  return attempts.map((attempt, index) => toSpan(ctx, attempt, endMs, index === attempts.length - 1))
}

function toSpan(ctx: RequestContext, attempt: UpstreamAttempt, endMs: number, isLast: boolean): SpanFacts {
  const { llm } = ctx
  const startMs = performance.timeOrigin + attempt.startedAt
  const operation = llm && operationOf(llm)
  const model = operation !== undefined && attempt.model ? ` ${attempt.model}` : ''
  const attributes: Record<string, string | number | boolean> = {
    ...callAttributes(attempt, operation),
    'http.response.status_code': attempt.status,
  }
  if (operation !== undefined) attributes['weir.instance'] = attempt.node
  if (llm && isLast) addOutcome(attributes, llm)
  return {
    name: operation === undefined ? ctx.request.method : operation + model,
    startMs,
    endMs: attempt.responseMs === undefined ? endMs : startMs + attempt.responseMs,
    attributes,
    error: attempt.status >= errorStatusMin ? `status ${attempt.status}` : undefined,
  }
}

/** Tokens stand only where they were used, so that sums over spans are right. */
function addOutcome(attributes: Record<string, string | number | boolean>, llm: LlmExchange): void {
  const { usage, timeToFirstTokenMs } = llm
  attributes['gen_ai.request.stream'] = llm.stream
  if (llm.stream && timeToFirstTokenMs > 0)
    attributes['gen_ai.response.time_to_first_chunk'] = timeToFirstTokenMs / 1000
  if (!usage) return
  attributes['gen_ai.usage.input_tokens'] = usage.promptTokens
  attributes['gen_ai.usage.output_tokens'] = usage.completionTokens
  attributes['weir.usage_source'] = usage.source
  if (usage.cacheReadTokens > 0) attributes['gen_ai.usage.cache_read.input_tokens'] = usage.cacheReadTokens
  if (usage.cacheCreationTokens > 0)
    attributes['gen_ai.usage.cache_creation.input_tokens'] = usage.cacheCreationTokens
  if (usage.reasoningTokens > 0) attributes['gen_ai.usage.reasoning.output_tokens'] = usage.reasoningTokens
}

/** Of all attempts; those that failed have no tokens. */
export function operationsOf(ctx: RequestContext, durationMs: number): readonly OperationFacts[] {
  const { llm } = ctx
  if (!llm) return []
  const operation = operationOf(llm)
  const { attempts } = ctx.upstream
  return attempts.map((attempt, index) => {
    const { usage, timeToFirstTokenMs: firstMs } = llm
    const isLast = index === attempts.length - 1
    const hasStream = isLast && llm.stream && attempt.status < errorStatusMin && firstMs > 0
    const gaps = hasStream ? (usage?.completionTokens ?? 0) - 1 : 0
    return {
      attributes: callAttributes(attempt, operation),
      durationMs: attempt.responseMs ?? ctx.startedAt + durationMs - attempt.startedAt,
      inputTokens: isLast ? usage?.promptTokens : undefined,
      outputTokens: isLast ? usage?.completionTokens : undefined,
      firstChunkMs: hasStream ? firstMs : undefined,
      perOutputTokenMs: gaps > 0 ? (llm.upstreamMs - firstMs) / gaps : undefined,
    }
  })
}

function callAttributes(attempt: UpstreamAttempt, operation: string | undefined): SpanAttributes {
  const { address, status, provider = '', model = '' } = attempt
  const colon = address.lastIndexOf(':')
  const attributes: Record<string, string | number | boolean> = {
    'server.address': address.slice(0, colon),
    'server.port': Number(address.slice(colon + 1)),
  }
  if (status >= errorStatusMin) attributes['error.type'] = String(status)
  if (operation === undefined) return attributes
  attributes['gen_ai.operation.name'] = operation
  attributes['gen_ai.provider.name'] = wellKnown[provider] ?? provider
  if (model !== '') attributes['gen_ai.request.model'] = model
  return attributes
}

function operationOf({ protocol }: LlmExchange): string {
  if (protocol.name === 'openai-embeddings') return 'embeddings'
  return protocol.name === 'passthrough' ? 'generate_content' : 'chat'
}
