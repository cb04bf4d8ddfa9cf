// The object that OpenAI's Responses answer with, and that several events of its streams carry.
import type { JsonObject } from '../../protocols/protocol.ts'
import { numberAt, objectAt, textAt } from '../../protocols/read-json.ts'

/** What is the same in every event of one response. */
export interface ResponseFacts {
  readonly id: string
  readonly model: string
  readonly createdSeconds: number
  /** Members of the request that the response repeats. */
  readonly echo: JsonObject
}

export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  /** Why it is incomplete. */
  readonly reason?: 'max_output_tokens' | 'content_filter' | undefined
  readonly error?: JsonObject | undefined
  readonly output: readonly JsonObject[]
  readonly usage?: JsonObject | undefined
}

export function responseFacts(body: JsonObject, model: string, id: string): ResponseFacts {
  const echo = {
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    metadata: body['metadata'] ?? {},
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: null,
    reasoning: { effort: textAt(objectAt(body, 'reasoning'), 'effort') || null, summary: null },
    store: false,
    temperature: body['temperature'] ?? null,
    text: body['text'] ?? { format: { type: 'text' } },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_p: body['top_p'] ?? null,
    truncation: 'disabled',
  }
  return { id, model, createdSeconds: Math.floor(Date.now() / 1000), echo }
}

export function responseObject(facts: ResponseFacts, state: ResponseState): JsonObject {
  const { status, reason, error, output, usage } = state
  return {
    id: facts.id,
    object: 'response',
    created_at: facts.createdSeconds,
    status,
    error: error ?? null,
    incomplete_details: reason === undefined ? null : { reason },
    model: facts.model,
    output,
    ...facts.echo,
    usage: usage ?? null,
  }
}

export function messageItem(id: string, text: string, status: 'in_progress' | 'completed'): JsonObject {
  const content = status === 'completed' ? [textPart(text)] : []
  return { id, type: 'message', status, role: 'assistant', content }
}

export function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

/** As a summary: it is the only form of a model's thoughts that OpenAI shows, and that clients look for. */
export function reasoningItem(id: string, text: string): JsonObject {
  return { id, type: 'reasoning', summary: text === '' ? [] : [summaryPart(text)] }
}

export function summaryPart(text: string): JsonObject {
  return { type: 'summary_text', text }
}

export function callItem(
  id: string,
  callId: string,
  name: string,
  json: string,
  status: 'in_progress' | 'completed',
): JsonObject {
  return { id, type: 'function_call', status, call_id: callId, name, arguments: json }
}

export function toResponsesUsage(usage: JsonObject): JsonObject {
  const [input, output] = [numberAt(usage, 'prompt_tokens'), numberAt(usage, 'completion_tokens')]
  const details = numberAt(objectAt(usage, 'prompt_tokens_details'), 'cached_tokens')
  const cached = details || numberAt(usage, 'prompt_cache_hit_tokens')
  const reasoning = numberAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens')
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: numberAt(usage, 'total_tokens') || input + output,
  }
}

/** How a response ends whose chat finished so. */
export function endOf(finishReason: string): Pick<ResponseState, 'status' | 'reason'> {
  if (finishReason === 'length') return { status: 'incomplete', reason: 'max_output_tokens' }
  if (finishReason === 'content_filter') return { status: 'incomplete', reason: 'content_filter' }
  return { status: 'completed' }
}
