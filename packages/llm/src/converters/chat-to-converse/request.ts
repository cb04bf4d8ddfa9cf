// Written from a chat in neutral words.
import type { JsonObject } from '../../protocols/protocol.ts'
import type { ChatRequest, Part, Turn } from '../chat/read-chat.ts'
import type { DroppedFields } from '../dropped-fields.ts'

/** What Bedrock calls the documents that it takes. */
const documentFormats: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
}

export function toConverseRequest(chat: ChatRequest, dropped: DroppedFields): JsonObject {
  if (chat.effort !== '') dropped.add('reasoning_effort')
  if (chat.answerSchema) dropped.add('response_format')
  if (chat.user !== '') dropped.add('user')
  if (!chat.isParallel) dropped.add('parallel_tool_calls')
  const inference = inferenceOf(chat)
  return {
    ...(chat.system.length > 0 && { system: chat.system.map((text) => ({ text })) }),
    messages: chat.turns.map((turn) => toMessage(turn, dropped)),
    ...(Object.keys(inference).length > 0 && { inferenceConfig: inference }),
    ...toolsOf(chat, dropped),
  }
}

function inferenceOf({ maxTokens, temperature, topP, stop }: ChatRequest): JsonObject {
  return {
    ...(maxTokens !== undefined && { maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(stop.length > 0 && { stopSequences: stop }),
  }
}

function toMessage({ role, parts }: Turn, dropped: DroppedFields): JsonObject {
  return { role, content: parts.flatMap((part) => toBlock(part, dropped)) }
}

function toBlock(part: Part, dropped: DroppedFields): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return part.text === '' ? [] : [{ text: part.text }]
    case 'link':
      // Bedrock fetches nothing.
      dropped.add('messages.image_url')
      return []
    case 'media':
      return toMedia(part, dropped)
    case 'call':
      return [{ toolUse: { toolUseId: part.id, name: part.name, input: part.input } }]
    case 'result': {
      const content = part.parts.flatMap((inner) => toBlock(inner, dropped))
      return [{ toolResult: { toolUseId: part.id, content: content.length > 0 ? content : [{ text: '' }] } }]
    }
  }
}

function toMedia(part: Part & { readonly kind: 'media' }, dropped: DroppedFields): JsonObject[] {
  const { mediaType, data: bytes } = part
  if (mediaType.startsWith('image/')) {
    const format = mediaType.slice('image/'.length).replace(/^jpg$/, 'jpeg')
    return [{ image: { format, source: { bytes } } }]
  }
  const format = documentFormats[mediaType]
  if (format === undefined) {
    dropped.add('messages.file')
    return []
  }
  // Bedrock takes few characters in a name, and no dots.
  const name = part.name.replaceAll(/[^A-Za-z0-9()[\] -]/g, '-') || 'document'
  return [{ document: { format, name, source: { bytes } } }]
}

function toolsOf({ tools, toolChoice }: ChatRequest, dropped: DroppedFields): JsonObject {
  if (tools.length === 0) return {}
  const specs = tools.map(({ name, description, schema }) => ({
    toolSpec: { name, ...(description !== undefined && { description }), inputSchema: { json: schema } },
  }))
  // Bedrock cannot be told to leave its tools alone.
  if (toolChoice === 'none') dropped.add('tool_choice')
  return { toolConfig: { tools: specs, ...toChoice(toolChoice) } }
}

function toChoice(choice: ChatRequest['toolChoice']): JsonObject {
  if (typeof choice === 'object') return { toolChoice: { tool: { name: choice.name } } }
  if (choice === 'required') return { toolChoice: { any: {} } }
  return choice === 'auto' ? { toolChoice: { auto: {} } } : {}
}
