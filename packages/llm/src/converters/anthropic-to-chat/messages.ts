// A conversation of Anthropic's as one of OpenAI's.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { objectAt, textAt } from '../../protocols/read-json.ts'
import { ConversionError } from '../conversion.ts'
import type { DroppedFields } from '../dropped-fields.ts'
import { systemText } from './system-text.ts'
import type { ToolNames } from './tool-names.ts'

export function toChatMessages(body: JsonObject, names: ToolNames, dropped: DroppedFields): JsonObject[] {
  const { messages } = body
  if (!Array.isArray(messages) || messages.length === 0) throw new ConversionError('missing messages')
  const out: JsonObject[] = []
  const system = systemText(body['system'], dropped)
  if (system !== '') out.push({ role: 'system', content: system })
  for (const [i, message] of messages.entries()) {
    if (!isJsonObject(message) || typeof message['role'] !== 'string') {
      throw new ConversionError(`invalid message at index ${i + 1}`)
    }
    const { role, content } = message
    if (typeof content === 'string') out.push({ role, content })
    else if (Array.isArray(content)) pushBlocks(out, role, content.filter(isJsonObject), names, dropped)
    else throw new ConversionError(`invalid message content at index ${i + 1}`)
  }
  return out
}

function pushBlocks(
  out: JsonObject[],
  role: string,
  blocks: readonly JsonObject[],
  names: ToolNames,
  dropped: DroppedFields,
): void {
  const results = blocks.filter(isResult)
  for (const block of results) out.push(toToolMessage(block, dropped))
  const rest = blocks.filter((block) => !isResult(block))
  if (role === 'assistant') {
    if (results.length === 0 || rest.length > 0) out.push(toAssistant(rest, names, dropped))
    return
  }
  const parts = toParts(rest, dropped)
  // Results alone are no turn of the user's.
  if (results.length === 0 || parts.length > 0) out.push({ role, content: parts.length === 0 ? '' : parts })
}

function isResult(block: JsonObject): boolean {
  return block['type'] === 'tool_result' && typeof block['tool_use_id'] === 'string'
}

/** One text, and the tools that it called. */
function toAssistant(blocks: readonly JsonObject[], names: ToolNames, dropped: DroppedFields): JsonObject {
  let content = ''
  const calls: JsonObject[] = []
  for (const block of blocks) {
    if (isText(block)) content += block.text
    else if (isCall(block)) {
      const call = {
        name: names.shorten(block.name),
        arguments: JSON.stringify(block['input'] ?? {}),
      }
      calls.push({ id: block.id, type: 'function', function: call })
    } else dropped.add(`messages.${textAt(block, 'type')}`)
    noteCacheControl(block, dropped)
  }
  if (calls.length === 0) return { role: 'assistant', content }
  return { role: 'assistant', ...(content !== '' && { content }), tool_calls: calls }
}

/** The result of a tool: a text, or parts when it holds pictures. */
function toToolMessage(block: JsonObject, dropped: DroppedFields): JsonObject {
  const { tool_use_id: id, content, is_error: isError } = block
  if (isError === true) dropped.add('messages.tool_result.is_error')
  noteCacheControl(block, dropped)
  if (!Array.isArray(content)) {
    return { role: 'tool', tool_call_id: id, content: typeof content === 'string' ? content : '' }
  }
  const parts = toParts(content.filter(isJsonObject), dropped)
  const isPlain = parts.every((part) => part['type'] === 'text')
  const text = () => parts.map((part) => textAt(part, 'text')).join('')
  return { role: 'tool', tool_call_id: id, content: isPlain ? text() : parts }
}

function toParts(blocks: readonly JsonObject[], dropped: DroppedFields): JsonObject[] {
  const parts: JsonObject[] = []
  for (const block of blocks) {
    noteCacheControl(block, dropped)
    const url = mediaUrl(block)
    if (isText(block)) parts.push({ type: 'text', text: block.text })
    else if (url !== undefined) parts.push({ type: 'image_url', image_url: { url } })
    else dropped.add(`messages.${textAt(block, 'type')}`)
  }
  return parts
}

/** Pictures, and documents as OpenAI's compatible servers take them; what has no content is none. */
function mediaUrl(block: JsonObject): string | undefined {
  const { type } = block
  if (type !== 'image' && type !== 'document') return undefined
  const source = objectAt(block, 'source')
  if (source['type'] === 'base64') {
    const data = textAt(source, 'data')
    if (data === '') return undefined
    const mediaType = textAt(source, 'media_type') || (type === 'image' ? 'image/png' : 'application/pdf')
    return `data:${mediaType};base64,${data}`
  }
  return type === 'image' && source['type'] === 'url' ? textAt(source, 'url') || undefined : undefined
}

function isCall(block: JsonObject): block is JsonObject & { readonly id: string; readonly name: string } {
  return block['type'] === 'tool_use' && typeof block['id'] === 'string' && typeof block['name'] === 'string'
}

function isText(block: JsonObject): block is JsonObject & { readonly text: string } {
  return block['type'] === 'text' && typeof block['text'] === 'string'
}

function noteCacheControl(block: JsonObject, dropped: DroppedFields): void {
  if (isJsonObject(block['cache_control'])) dropped.add('cache_control')
}
