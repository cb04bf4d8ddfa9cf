// What a chat completion cost, as Anthropic counts it: cached tokens stand beside the others, not among them.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { numberAt, objectAt } from '../../protocols/read-json.ts'

export const zeroUsage: JsonObject = { input_tokens: 0, output_tokens: 0 }

export function toAnthropicUsage(usage: JsonObject): JsonObject {
  const prompt = numberAt(usage, 'prompt_tokens')
  const output_tokens = numberAt(usage, 'completion_tokens')
  if (!isJsonObject(usage['prompt_tokens_details'])) return { input_tokens: prompt, output_tokens }
  const details = objectAt(usage, 'prompt_tokens_details')
  const cached = numberAt(details, 'cached_tokens')
  const created = details['cache_creation_input_tokens']
  return {
    input_tokens: Math.max(0, prompt - cached),
    output_tokens,
    cache_read_input_tokens: cached,
    ...(typeof created === 'number' && { cache_creation_input_tokens: created }),
  }
}

export function toStopReason(finishReason: unknown): string {
  switch (finishReason) {
    case 'length':
      return 'max_tokens'
    case 'tool_calls':
    case 'function_call':
      return 'tool_use'
    default:
      return 'end_turn'
  }
}
