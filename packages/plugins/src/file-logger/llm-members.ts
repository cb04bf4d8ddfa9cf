// What loggers tell of a request to an LLM, where `logging` of ai-proxy or ai-proxy-multi asks for it (ai-plugins.md §9).
import type { LlmExchange } from '@weir/plugin-api'

export function llmMembers(llm: LlmExchange): Record<string, unknown> {
  const { summaries, payloads } = llm.logging
  return { ...(summaries && { llm_summary: summaryOf(llm) }), ...(payloads && payloadsOf(llm)) }
}

function summaryOf(llm: LlmExchange): Record<string, unknown> {
  const { usage } = llm
  return {
    request_model: llm.requestModel,
    model: llm.model,
    duration: llm.timeToFirstTokenMs,
    prompt_tokens: usage?.promptTokens ?? 0,
    completion_tokens: usage?.completionTokens ?? 0,
    total_tokens: usage?.totalTokens ?? 0,
    upstream_response_time: llm.upstreamMs,
    // As texts: APISIX tells its variables here.
    stream: String(llm.stream),
    tool_count: llm.toolCount,
    has_tool_calls: String(llm.hasToolCalls),
    end_user_id: llm.endUser,
    cache_read_input_tokens: usage?.cacheReadTokens ?? 0,
    cache_creation_input_tokens: usage?.cacheCreationTokens ?? 0,
    reasoning_tokens: usage?.reasoningTokens ?? 0,
    content_risk_level: llm.riskLevel,
  }
}

/** Writing a body of megabytes would hold everybody else up: of such ones nothing is told. */
function payloadsOf(llm: LlmExchange): Record<string, unknown> {
  const body = llm.longBody ? {} : llm.body
  return {
    llm_request: { messages: body['messages'] ?? body['input'] ?? null, stream: llm.stream },
    llm_response_text: { content: llm.responseText },
  }
}
