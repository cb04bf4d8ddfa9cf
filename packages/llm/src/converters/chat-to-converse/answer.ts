// An answer of Bedrock's as a chat completion.
import type { JsonObject } from '../../protocols/protocol.ts'
import { isPresent, numberAt, objectAt, objectsAt, textAt } from '../../protocols/read-json.ts'
import { chatCompletion, chatError, type ChatUsage, type FinishReason } from '../chat/write-chat.ts'
import { ConversionError } from '../conversion.ts'

export function toChatCompletion(answer: JsonObject, id: string, model: string): JsonObject {
  const message = objectAt(objectAt(answer, 'output'), 'message')
  if (!Array.isArray(message['content'])) throw new ConversionError('no content in response')
  const blocks = objectsAt(message, 'content')
  return chatCompletion({
    id,
    model,
    text: blocks.map((block) => textAt(block, 'text')).join(''),
    reasoning: blocks
      .map((block) => textAt(objectAt(objectAt(block, 'reasoningContent'), 'reasoningText'), 'text'))
      .join(''),
    calls: blocks
      .filter((block) => isPresent(block['toolUse']))
      .map((block) => {
        const use = objectAt(block, 'toolUse')
        const json = JSON.stringify(use['input'] ?? {})
        return { id: textAt(use, 'toolUseId'), name: textAt(use, 'name'), arguments: json }
      }),
    finish: toFinishReason(answer['stopReason']),
    usage: toChatUsage(objectAt(answer, 'usage')),
  })
}

export function toChatError(document: JsonObject): JsonObject {
  return chatError(textAt(document, 'message') || textAt(document, 'Message'), 'api_error')
}

export function toFinishReason(stopReason: unknown): FinishReason {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'tool_use':
      return 'tool_calls'
    case 'guardrail_intervened':
    case 'content_filtered':
      return 'content_filter'
    default:
      return 'stop'
  }
}

/** Bedrock counts cached tokens beside the others, OpenAI among them. */
export function toChatUsage(usage: JsonObject): ChatUsage {
  const cached = numberAt(usage, 'cacheReadInputTokens')
  const created = numberAt(usage, 'cacheWriteInputTokens')
  return {
    prompt: numberAt(usage, 'inputTokens') + cached + created,
    completion: numberAt(usage, 'outputTokens'),
    cached,
    created: isPresent(usage['cacheWriteInputTokens']) ? created : undefined,
  }
}
