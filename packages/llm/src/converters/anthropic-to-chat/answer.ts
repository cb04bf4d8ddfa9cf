// A chat completion as a message of Anthropic's (contract/ai-plugins.md §7.2).
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { isPresent, objectAt, objectsAt, parseObject, textAt } from '../../protocols/read-json.ts'
import { ConversionError } from '../conversion.ts'
import type { ToolNames } from './tool-names.ts'
import { toAnthropicUsage, toStopReason } from './usage.ts'

/** Some compatible servers answer an error with status 200. */
export function toAnthropicMessage(answer: JsonObject, model: string, names: ToolNames): JsonObject {
  if (isPresent(answer['error'])) return toAnthropicError(answer)
  const [choice] = objectsAt(answer, 'choices')
  if (!choice) throw new ConversionError('no choices in response')
  return {
    id: answer['id'],
    type: 'message',
    role: 'assistant',
    model: model || answer['model'],
    content: toContent(objectAt(choice, 'message'), names),
    stop_reason: toStopReason(choice['finish_reason']),
    usage: toAnthropicUsage(objectAt(answer, 'usage')),
  }
}

export function toAnthropicError(document: JsonObject): JsonObject {
  const { error } = document
  const details = isJsonObject(error) ? error : {}
  const type = textAt(details, 'type') || textAt(details, 'code') || 'api_error'
  const message = typeof error === 'string' ? error : textAt(details, 'message')
  return { type: 'error', error: { type, message } }
}

/** Reasoning as DeepSeek and vLLM name it, and as OpenRouter does. */
export function reasoningOf(message: JsonObject): string {
  return textAt(message, 'reasoning_content') || textAt(message, 'reasoning')
}

function toContent(message: JsonObject, names: ToolNames): JsonObject[] {
  const content: JsonObject[] = []
  const [thinking, text] = [reasoningOf(message), textAt(message, 'content')]
  if (thinking !== '') content.push({ type: 'thinking', thinking, signature: '' })
  if (text !== '') content.push({ type: 'text', text })
  for (const call of objectsAt(message, 'tool_calls')) {
    const called = objectAt(call, 'function')
    content.push({
      type: 'tool_use',
      id: textAt(call, 'id'),
      name: names.restore(textAt(called, 'name')),
      input: parseObject(textAt(called, 'arguments')) ?? {},
    })
  }
  return content.length > 0 ? content : [{ type: 'text', text: '' }]
}
