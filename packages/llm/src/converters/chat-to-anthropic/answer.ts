// A message of Anthropic's as a chat completion.
import type { JsonObject } from '../../protocols/protocol.ts'
import { numberAt, objectAt, objectsAt, textAt } from '../../protocols/read-json.ts'
import { chatCompletion, chatError, type ChatUsage, type FinishReason } from '../chat/write-chat.ts'
import { ConversionError } from '../conversion.ts'

export function toChatCompletion(message: JsonObject, model: string): JsonObject {
  if (!Array.isArray(message['content'])) throw new ConversionError('no content in response')
  const blocks = objectsAt(message, 'content')
  const joined = (type: string, key: string) =>
    blocks.map((block) => (block['type'] === type ? textAt(block, key) : '')).join('')
  return chatCompletion({
    id: textAt(message, 'id'),
    model: textAt(message, 'model') || model,
    text: joined('text', 'text'),
    reasoning: joined('thinking', 'thinking'),
    calls: blocks
      .filter((block) => block['type'] === 'tool_use')
      .map((block) => ({
        id: textAt(block, 'id'),
        name: textAt(block, 'name'),
        arguments: JSON.stringify(block['input'] ?? {}),
      })),
    finish: toFinishReason(message['stop_reason']),
    usage: toChatUsage(objectAt(message, 'usage')),
  })
}

export function toChatError(document: JsonObject): JsonObject {
  const error = objectAt(document, 'error')
  return chatError(textAt(error, 'message'), textAt(error, 'type') || 'api_error')
}

export function toFinishReason(stopReason: unknown): FinishReason {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'tool_use':
      return 'tool_calls'
    case 'refusal':
      return 'content_filter'
    default:
      return 'stop'
  }
}

/** Anthropic counts cached tokens beside the others, OpenAI among them. */
export function toChatUsage(usage: JsonObject): ChatUsage {
  const cached = numberAt(usage, 'cache_read_input_tokens')
  const created = numberAt(usage, 'cache_creation_input_tokens')
  return {
    prompt: numberAt(usage, 'input_tokens') + cached + created,
    completion: numberAt(usage, 'output_tokens'),
    cached,
    created,
  }
}
