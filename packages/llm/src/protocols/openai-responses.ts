// OpenAI's Responses.
import { randomUUID } from 'node:crypto'
import { isJsonObject } from '@weir/contract'
import { encodeSseEvent } from '../transport/sse-event.ts'
import { isSystemRole, textsOfContent, textsOfTurns } from './message-texts.ts'
import { openaiEndUser } from './openai-chat.ts'
import type { ClientProtocol, EventFacts, JsonObject, SseEvent } from './protocol.ts'
import { isPresent, numberAt, objectAt, objectsAt, parseObject, textAt } from './read-json.ts'

const zeroUsage: JsonObject = { input_tokens: 0, output_tokens: 0, total_tokens: 0 }
const endings = new Set(['response.completed', 'response.failed', 'response.incomplete', 'error'])

export const openaiResponses: ClientProtocol = {
  name: 'openai-responses',
  hasText: true,
  isStream: (body) => body['stream'] === true,
  fixUp: () => undefined,
  answersWanted: () => 1,

  media(body) {
    let count = 0
    let bytes = 0
    for (const item of objectsAt(body, 'input')) {
      for (const part of objectsAt(item, 'content')) {
        if (typeof part['text'] === 'string') continue
        count++
        bytes += textAt(part, 'image_url').length + textAt(part, 'file_data').length
      }
    }
    return { count, bytes }
  },

  turnTexts(body, mode, roles) {
    const texts: string[] = []
    const items = itemsOf(body)
    if (roles.includes('system')) {
      if (textAt(body, 'instructions') !== '') texts.push(textAt(body, 'instructions'))
      texts.push(...items.filter((item) => isSystemRole(item['role'])).flatMap(textsOfItem))
    }
    texts.push(...textsOfTurns(items, mode, roles, textsOfItem, roleOfItem))
    return texts
  },

  marks: {
    usage: 'usage"',
    finish: undefined,
    done: 'response":',
    error: 'event: error',
    toolCall: 'function_call"',
    text: 'delta":',
    // Deltas of arguments have the same key.
    toolText: '',
  },
  readEvent,

  usage(raw) {
    const promptTokens = numberAt(raw, 'input_tokens')
    const completionTokens = numberAt(raw, 'output_tokens')
    return {
      promptTokens,
      completionTokens,
      totalTokens: isPresent(raw['total_tokens'])
        ? numberAt(raw, 'total_tokens')
        : promptTokens + completionTokens,
      cacheReadTokens: numberAt(objectAt(raw, 'input_tokens_details'), 'cached_tokens'),
      cacheCreationTokens: 0,
      reasoningTokens: numberAt(objectAt(raw, 'output_tokens_details'), 'reasoning_tokens'),
      source: 'reported',
      interrupted: false,
      raw,
    }
  },
  answerUsage: (answer) => (isPresent(answer['usage']) ? objectAt(answer, 'usage') : undefined),
  answerText: (answer) =>
    objectsAt(answer, 'output')
      .filter((item) => item['type'] === 'message')
      .flatMap((item) => textsOfContent(item['content'], (part) => part['type'] === 'output_text'))
      .join(' '),
  answerHasToolCall: (answer) => objectsAt(answer, 'output').some((item) => item['type'] === 'function_call'),
  endUser: openaiEndUser,

  denyBody: (text, model, usage) => JSON.stringify(deniedResponse(text, model, usage)),
  denyStream(text, model, usage) {
    const response = deniedResponse(text, model, usage)
    return (
      namedEvent('response.output_text.delta', { delta: text }) +
      namedEvent('response.completed', { response })
    )
  },
  terminator: namedEvent('response.completed', { response: { status: 'completed', output: [] } }),
  errorEvent: (message) => namedEvent('error', { code: 'upstream_error', message, param: null }),
  isDataEvent: (event) => event.type === 'response.completed',
}

function readEvent(event: SseEvent, parsed?: JsonObject): EventFacts {
  const done = endings.has(event.type)
  const data = parsed ?? parseObject(event.data)
  if (!data) return { done }
  if (event.type === 'response.output_text.delta') return { text: textAt(data, 'delta') }
  const response = objectAt(data, 'response')
  return {
    done,
    usage: openaiResponses.answerUsage(response),
    toolCall: openaiResponses.answerHasToolCall(response),
  }
}

function itemsOf(body: JsonObject): readonly JsonObject[] {
  const { input } = body
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  if (!Array.isArray(input)) return []
  return input.flatMap((item: unknown) => {
    if (typeof item === 'string') return [{ role: 'user', content: item }]
    return isJsonObject(item) ? [item] : []
  })
}

function roleOfItem(item: JsonObject): unknown {
  const { role, type } = item
  return !isPresent(role) && type === 'function_call_output' ? 'tool' : role
}

function textsOfItem(item: JsonObject): readonly string[] {
  if (isPresent(item['content'])) return textsOfContent(item['content'], () => true)
  if (typeof item['text'] === 'string') return [item['text']]
  return textsOfContent(item['output'], () => true)
}

function deniedResponse(text: string, model: string, usage: JsonObject | undefined) {
  return {
    id: randomUUID(),
    object: 'response',
    status: 'completed',
    model,
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }],
    usage: usage ?? zeroUsage,
  }
}

function namedEvent(type: string, rest: object): string {
  return encodeSseEvent({ type, data: JSON.stringify({ type, ...rest }) })
}
