// Anthropic's Messages.
import { randomUUID } from 'node:crypto'
import { encodeSseEvent } from '../transport/sse-event.ts'
import { textsOfContent } from './message-texts.ts'
import type { ClientProtocol, EventFacts, JsonObject, SseEvent } from './protocol.ts'
import { isPresent, numberAt, objectAt, objectsAt, parseObject, textAt } from './read-json.ts'
import { anthropicToolTexts, textsOfTurnsAndTools } from './tool-texts.ts'

const zeroUsage: JsonObject = { input_tokens: 0, output_tokens: 0 }
const isTextBlock = (block: JsonObject) => block['type'] === 'text'

export const anthropicMessages: ClientProtocol = {
  name: 'anthropic-messages',
  hasText: true,
  isStream: (body) => body['stream'] === true,
  fixUp: () => undefined,
  answersWanted: () => 1,

  media(body) {
    let count = 0
    let bytes = 0
    for (const message of objectsAt(body, 'messages')) {
      for (const block of objectsAt(message, 'content')) {
        if (!isPresent(block['source'])) continue
        count++
        bytes += textAt(objectAt(block, 'source'), 'data').length
      }
    }
    return { count, bytes }
  },

  turnTexts(body, mode, roles) {
    const system = roles.includes('system') ? textsOfContent(body['system'], isTextBlock) : []
    const messages = objectsAt(body, 'messages')
    return [...system, ...textsOfTurnsAndTools(messages, mode, roles, textsOfMessage, anthropicToolTexts)]
  },

  marks: {
    usage: 'usage"',
    finish: undefined,
    // In the event's name: its data may be empty.
    done: 'message_stop',
    error: 'event: error',
    toolCall: '_use"',
    text: 'text":',
    toolText: 'partial_json":',
  },
  readEvent,

  usage(raw) {
    const promptTokens = numberAt(raw, 'input_tokens')
    const completionTokens = numberAt(raw, 'output_tokens')
    return {
      promptTokens,
      completionTokens,
      totalTokens: promptTokens + completionTokens,
      cacheReadTokens: numberAt(raw, 'cache_read_input_tokens'),
      cacheCreationTokens: numberAt(raw, 'cache_creation_input_tokens'),
      reasoningTokens: 0,
      source: 'reported',
      interrupted: false,
      raw,
    }
  },
  answerUsage: (answer) => (isPresent(answer['usage']) ? objectAt(answer, 'usage') : undefined),
  answerText: (answer) => textsOfContent(answer['content'], isTextBlock).join(' '),
  answerHasToolCall: (answer) => objectsAt(answer, 'content').some((block) => block['type'] === 'tool_use'),
  endUser: (body) => textAt(objectAt(body, 'metadata'), 'user_id'),

  denyBody: (text, model, usage) =>
    JSON.stringify(denied([{ type: 'text', text }], 'end_turn', model, usage)),
  denyStream: (text, model, usage) =>
    namedEvent('message_start', { message: denied([], null, model, usage) }) +
    namedEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
    namedEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }) +
    namedEvent('content_block_stop', { index: 0 }) +
    namedEvent('message_delta', { delta: { stop_reason: 'end_turn' }, usage: usage ?? zeroUsage }) +
    anthropicEnd,
  terminator: 'event: message_stop\ndata: {}\n\n',
  errorEvent: (message) => namedEvent('error', { error: { type: 'api_error', message } }),
  isDataEvent: (event) => event.type === 'content_block_delta' || event.type === 'message_delta',
}

const anthropicEnd = 'event: message_stop\ndata: {}\n\n'

function readEvent(event: SseEvent, parsed?: JsonObject): EventFacts {
  const data = parsed ?? parseObject(event.data)
  switch (event.type) {
    case 'content_block_delta': {
      const delta = data ? objectAt(data, 'delta') : {}
      return { text: delta['type'] === 'text_delta' ? textAt(delta, 'text') : undefined }
    }
    case 'content_block_start': {
      const block = data ? objectAt(data, 'content_block') : {}
      // Empty with Anthropic, but nothing says that it must be.
      return { toolCall: block['type'] === 'tool_use', text: textAt(block, 'text') || undefined }
    }
    case 'message_start':
      return { usage: data && anthropicMessages.answerUsage(objectAt(data, 'message')) }
    case 'message_delta':
      return { usage: data && anthropicMessages.answerUsage(data) }
    case 'message_stop':
    case 'error':
      return { done: true }
    default:
      return {}
  }
}

function textsOfMessage(message: JsonObject): readonly string[] {
  return textsOfContent(message['content'], isTextBlock)
}

function denied(
  content: readonly object[],
  stopReason: string | null,
  model: string,
  usage: JsonObject | undefined,
) {
  return {
    id: randomUUID(),
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stopReason,
    usage: usage ?? zeroUsage,
  }
}

function namedEvent(type: string, rest: object): string {
  return encodeSseEvent({ type, data: JSON.stringify({ type, ...rest }) })
}
