// Written from a chat in neutral words; what both protocols call alike is taken as it is.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { isPresent, objectAt, objectsAt, textAt } from '../../protocols/read-json.ts'
import type { ChatRequest, Part, Turn } from '../chat/read-chat.ts'
import type { DroppedFields } from '../dropped-fields.ts'

const same = [
  'model',
  'temperature',
  'top_p',
  'user',
  'safety_identifier',
  'metadata',
  'service_tier',
  'prompt_cache_key',
] as const

export function toResponsesRequest(chat: ChatRequest, body: JsonObject, dropped: DroppedFields): JsonObject {
  if (chat.stop.length > 0) dropped.add('stop')
  const request: Record<string, unknown> = {}
  for (const name of same) if (isPresent(body[name])) request[name] = body[name]
  const text = textOf(body)
  return {
    ...request,
    ...(chat.system.length > 0 && { instructions: chat.system.join('\n') }),
    input: chat.turns.flatMap(toItems),
    // A chat is not kept.
    store: false,
    ...(chat.isStream && { stream: true }),
    ...(chat.maxTokens !== undefined && { max_output_tokens: chat.maxTokens }),
    ...(chat.effort !== '' && { reasoning: { effort: chat.effort } }),
    ...(Object.keys(text).length > 0 && { text }),
    ...toolsOf(chat, body),
  }
}

function textOf(body: JsonObject): JsonObject {
  const { type, json_schema: schema } = objectAt(body, 'response_format')
  const format = isJsonObject(schema) ? { type, ...schema } : { type }
  return {
    ...(isPresent(type) && { format }),
    ...(isPresent(body['verbosity']) && { verbosity: body['verbosity'] }),
  }
}

/** Calls and results are items of their own, in their places among the rest. */
function toItems({ role, parts }: Turn): JsonObject[] {
  const items: JsonObject[] = []
  let content: JsonObject[] = []
  const flush = () => {
    if (content.length > 0) items.push({ type: 'message', role, content })
    content = []
  }
  for (const part of parts) {
    if (part.kind === 'call') {
      flush()
      const json = JSON.stringify(part.input)
      items.push({ type: 'function_call', call_id: part.id, name: part.name, arguments: json })
    } else if (part.kind === 'result') {
      flush()
      items.push({ type: 'function_call_output', call_id: part.id, output: toOutput(part.parts) })
    } else content.push(toContent(part, role))
  }
  flush()
  return items
}

function toOutput(parts: readonly Part[]): string | JsonObject[] {
  const isPlain = parts.every(({ kind }) => kind === 'text')
  if (isPlain) return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')
  return parts.map((part) => toContent(part, 'user'))
}

function toContent(part: Part, role: Turn['role']): JsonObject {
  if (part.kind === 'link') return { type: 'input_image', image_url: part.url, detail: 'auto' }
  if (part.kind === 'media') {
    const url = `data:${part.mediaType};base64,${part.data}`
    if (part.mediaType.startsWith('image/')) return { type: 'input_image', image_url: url, detail: 'auto' }
    return { type: 'input_file', file_data: url, filename: part.name || 'file' }
  }
  const text = part.kind === 'text' ? part.text : ''
  return role === 'assistant' ? { type: 'output_text', text } : { type: 'input_text', text }
}

function toolsOf({ tools, toolChoice, isParallel }: ChatRequest, body: JsonObject): JsonObject {
  if (tools.length === 0) return {}
  const choice = typeof toolChoice === 'object' ? { type: 'function', name: toolChoice.name } : toolChoice
  const strict = new Set(
    objectsAt(body, 'tools')
      .map((tool) => objectAt(tool, 'function'))
      .filter((called) => called['strict'] === true)
      .map((called) => textAt(called, 'name')),
  )
  return {
    tools: tools.map(({ name, description, schema }) => ({
      type: 'function',
      name,
      ...(description !== undefined && { description }),
      parameters: schema,
      // Responses are strict unless told otherwise, chats are not.
      strict: strict.has(name),
    })),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(!isParallel && { parallel_tool_calls: false }),
  }
}
