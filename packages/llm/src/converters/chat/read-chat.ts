// A request of OpenAI's Chat Completions in neutral words, for whoever writes it down for another protocol.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { isSystemRole } from '../../protocols/message-texts.ts'
import { isPresent, objectAt, objectsAt, parseObject, textAt } from '../../protocols/read-json.ts'
import { ConversionError } from '../conversion.ts'
import { DroppedFields } from '../dropped-fields.ts'

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** `data` is base64. */
  | { readonly kind: 'media'; readonly mediaType: string; readonly data: string; readonly name: string }
  | { readonly kind: 'link'; readonly url: string }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly input: JsonObject }
  | { readonly kind: 'result'; readonly id: string; readonly parts: readonly Part[] }

export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly parts: Part[]
}

interface Tool {
  readonly name: string
  readonly description: string | undefined
  /** JSON Schema of its arguments. */
  readonly schema: JsonObject
}

export interface ChatRequest {
  readonly system: readonly string[]
  /** Neighbours have different roles. */
  readonly turns: readonly Turn[]
  readonly maxTokens: number | undefined
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly stop: readonly string[]
  readonly tools: readonly Tool[]
  readonly toolChoice: 'auto' | 'required' | 'none' | { readonly name: string } | undefined
  readonly isParallel: boolean
  readonly isStream: boolean
  readonly user: string
  /** Empty when the model decides. */
  readonly effort: string
  /** The schema that the answer must have. */
  readonly answerSchema: JsonObject | undefined
}

const known = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'user',
  'safety_identifier',
  'reasoning_effort',
  'response_format',
  'n',
])

export function readChat(body: JsonObject, dropped: DroppedFields): ChatRequest {
  dropped.addUnknown(body, known)
  if (isPresent(body['n']) && body['n'] !== 1) dropped.add('n')
  const { system, turns } = readMessages(body, dropped)
  const { stop } = body
  return {
    system,
    turns,
    maxTokens: numberOf(body['max_completion_tokens']) ?? numberOf(body['max_tokens']),
    temperature: numberOf(body['temperature']),
    topP: numberOf(body['top_p']),
    stop: (Array.isArray(stop) ? stop : [stop]).filter((text) => typeof text === 'string'),
    tools: readTools(body, dropped),
    toolChoice: readToolChoice(body['tool_choice']),
    isParallel: body['parallel_tool_calls'] !== false,
    isStream: body['stream'] === true,
    user: textAt(body, 'safety_identifier') || textAt(body, 'user'),
    effort: textAt(body, 'reasoning_effort'),
    answerSchema: readAnswerSchema(body, dropped),
  }
}

function readMessages(body: JsonObject, dropped: DroppedFields) {
  const system: string[] = []
  const turns: Turn[] = []
  for (const [i, message] of objectsAt(body, 'messages').entries()) {
    if (typeof message['role'] !== 'string') throw new ConversionError(`invalid message at index ${i + 1}`)
    if (isPresent(message['name'])) dropped.add('messages.name')
    if (isSystemRole(message['role'])) system.push(textOf(readContent(message['content'], dropped)))
    else {
      const role = message['role'] === 'assistant' ? 'assistant' : 'user'
      const parts = partsOf(message, dropped)
      const last = turns.at(-1)
      if (last?.role === role) last.parts.push(...parts)
      else if (parts.length > 0) turns.push({ role, parts })
    }
  }
  if (turns.length === 0) throw new ConversionError('missing messages')
  return { system: system.filter((text) => text !== ''), turns }
}

function partsOf(message: JsonObject, dropped: DroppedFields): Part[] {
  const parts = readContent(message['content'], dropped)
  if (message['role'] === 'tool') return [{ kind: 'result', id: textAt(message, 'tool_call_id'), parts }]
  if (message['role'] !== 'assistant') return parts
  if (textAt(message, 'refusal') !== '') parts.push({ kind: 'text', text: textAt(message, 'refusal') })
  if (isPresent(message['audio'])) dropped.add('messages.audio')
  for (const call of objectsAt(message, 'tool_calls')) {
    const called = objectAt(call, 'function')
    const input = parseObject(textAt(called, 'arguments')) ?? {}
    parts.push({ kind: 'call', id: textAt(call, 'id'), name: textAt(called, 'name'), input })
  }
  return parts
}

function readContent(content: unknown, dropped: DroppedFields): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }]
  if (!Array.isArray(content)) return []
  return content.filter(isJsonObject).flatMap((part) => {
    const read = readPart(part)
    const detail = objectAt(part, 'image_url')['detail']
    if (isPresent(detail) && detail !== 'auto') dropped.add('messages.image_url.detail')
    if (!read) dropped.add(`messages.${textAt(part, 'type')}`)
    return read ?? []
  })
}

function readPart(part: JsonObject): Part | undefined {
  switch (part['type']) {
    case 'text':
      return { kind: 'text', text: textAt(part, 'text') }
    case 'refusal':
      return { kind: 'text', text: textAt(part, 'refusal') }
    case 'image_url': {
      const url = textAt(objectAt(part, 'image_url'), 'url')
      return readDataUrl(url, '') ?? { kind: 'link', url }
    }
    case 'file': {
      const file = objectAt(part, 'file')
      return readDataUrl(textAt(file, 'file_data'), textAt(file, 'filename'))
    }
    default:
      return undefined
  }
}

/** RFC 2397, base64 only. */
function readDataUrl(url: string, name: string): Part | undefined {
  const comma = url.indexOf(';base64,')
  if (!url.startsWith('data:') || comma < 0) return undefined
  const mediaType = url.slice('data:'.length, comma)
  return { kind: 'media', mediaType, data: url.slice(comma + ';base64,'.length), name }
}

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')
}

function readTools(body: JsonObject, dropped: DroppedFields): Tool[] {
  return objectsAt(body, 'tools').flatMap((tool) => {
    const called = objectAt(tool, 'function')
    const name = textAt(called, 'name')
    if (name === '') {
      dropped.add(`tools.${textAt(tool, 'type')}`)
      return []
    }
    if (called['strict'] === true) dropped.add('tools.strict')
    const { parameters } = called
    const schema = isJsonObject(parameters) ? parameters : { type: 'object', properties: {} }
    return [{ name, description: textAt(called, 'description') || undefined, schema }]
  })
}

function readToolChoice(choice: unknown): ChatRequest['toolChoice'] {
  if (choice === 'auto' || choice === 'required' || choice === 'none') return choice
  const name = isJsonObject(choice) ? textAt(objectAt(choice, 'function'), 'name') : ''
  return name === '' ? undefined : { name }
}

function readAnswerSchema(body: JsonObject, dropped: DroppedFields): JsonObject | undefined {
  const format = objectAt(body, 'response_format')
  if (format['type'] === 'json_object') dropped.add('response_format')
  const { schema } = objectAt(format, 'json_schema')
  return format['type'] === 'json_schema' && isJsonObject(schema) ? schema : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
