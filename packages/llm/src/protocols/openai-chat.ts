// OpenAI's Chat Completions, which most providers speak.
import { randomUUID } from 'node:crypto'
import type { UsageReport } from '../usage.ts'
import { isSystemRole, textsOfContent, textsOfTurns } from './message-texts.ts'
import type { ClientProtocol, EventFacts, JsonObject, SseEvent } from './protocol.ts'
import { isPresent, numberAt, objectAt, objectsAt, parseObject, textAt } from './read-json.ts'

const zeroUsage: JsonObject = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }

export const openaiChat: ClientProtocol = {
  name: 'openai-chat',
  hasText: true,
  isStream: (body) => body['stream'] === true,

  // Replaces what the client asked for, so that the gateway learns the cost of every stream.
  fixUp: (body) => (isTruthy(body['stream']) ? { stream_options: { include_usage: true } } : undefined),

  answersWanted: (body) => Math.max(1, numberAt(body, 'n')),

  media(body) {
    let count = 0
    let bytes = 0
    for (const message of objectsAt(body, 'messages')) {
      for (const part of objectsAt(message, 'content')) {
        if (part['type'] === 'text') continue
        count++
        bytes += textAt(objectAt(part, 'image_url'), 'url').length
        bytes += textAt(objectAt(part, 'input_audio'), 'data').length
        bytes += textAt(objectAt(part, 'file'), 'file_data').length
      }
    }
    return { count, bytes }
  },

  turnTexts(body, mode, roles) {
    const messages = objectsAt(body, 'messages')
    const system = roles.includes('system') ? messages.filter((m) => isSystemRole(m['role'])) : []
    return [...system.flatMap(textsOfMessage), ...textsOfTurns(messages, mode, roles, textsOfMessage)]
  },

  marks: {
    usage: 'usage"',
    finish: 'finish_reason"',
    done: '[DONE]',
    toolCall: '_calls"',
    // `reasoning_content` ends alike, and its tokens are paid for too.
    text: 'content":',
    textOfPart: 'text":',
    toolText: 'arguments":',
  },
  readEvent,

  usage: readOpenaiUsage,
  answerUsage: (answer) => (isPresent(answer['usage']) ? objectAt(answer, 'usage') : undefined),
  answerText: (answer) =>
    objectsAt(answer, 'choices')
      .flatMap((choice) => textsOfMessage(objectAt(choice, 'message')))
      .join(' '),
  answerHasToolCall: (answer) =>
    objectsAt(answer, 'choices').some(
      (choice) => objectsAt(objectAt(choice, 'message'), 'tool_calls').length > 0,
    ),
  endUser: openaiEndUser,

  denyBody: (text, model, usage) =>
    JSON.stringify({
      id: randomUUID(),
      object: 'chat.completion',
      model,
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: usage ?? zeroUsage,
    }),
  denyStream: (text, model, usage) => {
    const chunk = {
      id: randomUUID(),
      object: 'chat.completion.chunk',
      model,
      choices: [{ index: 0, delta: { content: text }, finish_reason: 'stop' }],
      usage: usage ?? zeroUsage,
    }
    return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]`
  },
  terminator: 'data: [DONE]',
  errorEvent: (message) => `data: ${JSON.stringify({ error: { message, type: 'upstream_error' } })}\n\n`,
  isDataEvent: (event) => event.type === 'message' && event.data !== '[DONE]',
}

function readEvent(event: SseEvent, data?: JsonObject): EventFacts {
  if (event.type !== 'message') return {}
  if (event.data.trim() === '[DONE]') return { done: true }
  const chunk = data ?? parseObject(event.data)
  if (!chunk) return {}
  let text: string | undefined
  let toolCall = false
  let finished = 0
  for (const choice of objectsAt(chunk, 'choices')) {
    const delta = objectAt(choice, 'delta')
    const { content } = delta
    if (typeof content === 'string') text = (text ?? '') + content
    // Some models' answers come in parts, as prompts do.
    else if (Array.isArray(content)) text = (text ?? '') + textsOfMessage(delta).join('')
    if (objectsAt(delta, 'tool_calls').length > 0) toolCall = true
    if (textAt(choice, 'finish_reason') !== '') finished++
  }
  return { text, toolCall, finished, usage: openaiChat.answerUsage(chunk) }
}

/** Also of embeddings, whose usage has no completion. */
export function readOpenaiUsage(raw: JsonObject): UsageReport {
  const prompt = objectAt(raw, 'prompt_tokens_details')
  const promptTokens = numberAt(raw, 'prompt_tokens')
  const completionTokens = numberAt(raw, 'completion_tokens')
  return {
    promptTokens,
    completionTokens,
    totalTokens: isPresent(raw['total_tokens'])
      ? numberAt(raw, 'total_tokens')
      : promptTokens + completionTokens,
    // DeepSeek names what OpenAI calls cached tokens differently.
    cacheReadTokens: numberAt(prompt, 'cached_tokens') || numberAt(raw, 'prompt_cache_hit_tokens'),
    cacheCreationTokens: numberAt(prompt, 'cache_creation_input_tokens'),
    reasoningTokens: numberAt(objectAt(raw, 'completion_tokens_details'), 'reasoning_tokens'),
    source: 'reported',
    interrupted: false,
    raw,
  }
}

export function openaiEndUser(body: JsonObject): string {
  return textAt(body, 'safety_identifier') || textAt(body, 'user')
}

function textsOfMessage(message: JsonObject): readonly string[] {
  return textsOfContent(message['content'], (part) => part['type'] === 'text')
}

/** As in Lua, where only absence and `false` are not. */
function isTruthy(value: unknown): boolean {
  return isPresent(value) && value !== false
}
