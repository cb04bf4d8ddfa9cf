// A response of OpenAI's as a chat completion.
import type { JsonObject } from '../../protocols/protocol.ts'
import { isPresent, numberAt, objectAt, objectsAt, textAt } from '../../protocols/read-json.ts'
import { textsOfContent } from '../../protocols/message-texts.ts'
import { chatCompletion, chatError, type ChatUsage, type FinishReason } from '../chat/write-chat.ts'
import { ConversionError } from '../conversion.ts'

export function toChatCompletion(response: JsonObject, model: string): JsonObject {
  if (isPresent(response['error'])) return toChatError(response)
  if (!Array.isArray(response['output'])) throw new ConversionError('no output in response')
  const items = objectsAt(response, 'output')
  const textsOf = (type: string, member: string) =>
    items.flatMap((item) => (item['type'] === type ? textsOfContent(item[member], () => true) : [])).join('')
  const calls = items
    .filter((item) => item['type'] === 'function_call')
    .map((item) => ({
      id: textAt(item, 'call_id'),
      name: textAt(item, 'name'),
      arguments: textAt(item, 'arguments'),
    }))
  return chatCompletion({
    id: textAt(response, 'id'),
    model: textAt(response, 'model') || model,
    text: textsOf('message', 'content'),
    reasoning: textsOf('reasoning', 'summary') + textsOf('reasoning', 'content'),
    calls,
    finish: toFinishReason(response, calls.length > 0),
    usage: toChatUsage(objectAt(response, 'usage')),
  })
}

function toChatError(response: JsonObject): JsonObject {
  const error = objectAt(response, 'error')
  return chatError(textAt(error, 'message'), textAt(error, 'type') || textAt(error, 'code') || 'server_error')
}

export function toFinishReason(response: JsonObject, hasCalls: boolean): FinishReason {
  const { reason } = objectAt(response, 'incomplete_details')
  if (reason === 'max_output_tokens') return 'length'
  if (reason === 'content_filter') return 'content_filter'
  return hasCalls ? 'tool_calls' : 'stop'
}

export function toChatUsage(usage: JsonObject): ChatUsage {
  return {
    prompt: numberAt(usage, 'input_tokens'),
    completion: numberAt(usage, 'output_tokens'),
    cached: numberAt(objectAt(usage, 'input_tokens_details'), 'cached_tokens'),
    created: undefined,
    reasoning: numberAt(objectAt(usage, 'output_tokens_details'), 'reasoning_tokens'),
  }
}
