// The items of a request of OpenAI's Responses as the messages of a chat.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { textAt } from '../../protocols/read-json.ts'
import { ConversionError } from '../conversion.ts'
import type { DroppedFields } from '../dropped-fields.ts'

interface Message {
  role: unknown
  content?: unknown
  tool_call_id?: string
  tool_calls?: JsonObject[]
}

export function toChatMessages(body: JsonObject, dropped: DroppedFields): readonly object[] {
  const messages: Message[] = []
  const instructions = textAt(body, 'instructions')
  if (instructions !== '') messages.push({ role: 'system', content: instructions })
  const { input } = body
  if (typeof input === 'string') messages.push({ role: 'user', content: input })
  else if (Array.isArray(input)) for (const item of input as unknown[]) pushItem(messages, item, dropped)
  else throw new ConversionError('`input` must be string or array')
  return messages
}

function pushItem(messages: Message[], item: unknown, dropped: DroppedFields): void {
  if (typeof item === 'string') {
    messages.push({ role: 'user', content: item })
    return
  }
  if (!isJsonObject(item)) return
  switch (item['type'] ?? 'message') {
    case 'message':
      messages.push({ role: item['role'], content: toContent(item, dropped) })
      return
    case 'function_call':
      pushCall(messages, item)
      return
    case 'function_call_output':
      messages.push({
        role: 'tool',
        tool_call_id: textAt(item, 'call_id'),
        content: toOutput(item['output'], dropped),
      })
      return
    default:
      dropped.add(`input.${textAt(item, 'type')}`)
  }
}

/** Calls stand in the message of the assistant before them, if there is one. */
function pushCall(messages: Message[], item: JsonObject): void {
  const called = { name: textAt(item, 'name'), arguments: textAt(item, 'arguments') }
  const call = { id: textAt(item, 'call_id'), type: 'function', function: called }
  const last = messages.at(-1)
  if (last?.role === 'assistant') (last.tool_calls ??= []).push(call)
  else messages.push({ role: 'assistant', tool_calls: [call] })
}

/** An assistant's parts become one text; those of others stay parts. */
function toContent({ role, content }: JsonObject, dropped: DroppedFields): unknown {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : ''
  const parts = toParts(content, dropped)
  return role === 'assistant' || parts.every(isText) ? textOf(parts) : parts
}

function toOutput(output: unknown, dropped: DroppedFields): unknown {
  if (!Array.isArray(output)) return typeof output === 'string' ? output : ''
  const parts = toParts(output, dropped)
  return parts.every(isText) ? textOf(parts) : parts
}

function toParts(content: readonly unknown[], dropped: DroppedFields): JsonObject[] {
  const parts: JsonObject[] = []
  for (const part of content.filter(isJsonObject)) {
    const read = toPart(part)
    if (read) parts.push(read)
    else dropped.add(`input.${textAt(part, 'type')}`)
  }
  return parts
}

function toPart(part: JsonObject): JsonObject | undefined {
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: textAt(part, 'text') }
    case 'refusal':
      return { type: 'text', text: textAt(part, 'refusal') }
    case 'input_image': {
      const url = textAt(part, 'image_url')
      const detail = textAt(part, 'detail')
      if (url === '') return undefined
      return { type: 'image_url', image_url: { url, ...(detail !== '' && { detail }) } }
    }
    case 'input_file': {
      const [file_data, filename] = [textAt(part, 'file_data'), textAt(part, 'filename')]
      return file_data === '' ? undefined : { type: 'file', file: { file_data, filename } }
    }
    default:
      return undefined
  }
}

function isText(part: JsonObject): boolean {
  return part['type'] === 'text'
}

function textOf(parts: readonly JsonObject[]): string {
  return parts.map((part) => textAt(part, 'text')).join('')
}
