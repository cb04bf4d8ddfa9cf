// Written from a chat in neutral words.
import type { JsonObject } from '../../protocols/protocol.ts'
import type { ChatRequest, Part, Turn } from '../chat/read-chat.ts'
import type { DroppedFields } from '../dropped-fields.ts'

/** Anthropic wants a bound; OpenAI's clients need not give one. */
const maxTokensDefault = 4096
const temperatureMax = 1
/** Tokens for thinking, as the way back reads them (contract/ai-plugins.md §7.1). */
const budgets: Readonly<Record<string, number>> = { low: 1024, medium: 2048, high: 4096, xhigh: 16_384 }

export function toAnthropicRequest(chat: ChatRequest, body: JsonObject, dropped: DroppedFields): JsonObject {
  const maxTokens = chat.maxTokens ?? maxTokensDefault
  const thinking = thinkingOf(chat, maxTokens, dropped)
  const temperature = thinking ? undefined : temperatureOf(chat, dropped)
  if (thinking && chat.temperature !== undefined) dropped.add('temperature')
  return {
    ...(typeof body['model'] === 'string' && { model: body['model'] }),
    max_tokens: maxTokens,
    ...(chat.system.length > 0 && { system: chat.system.join('\n') }),
    messages: chat.turns.map((turn) => toMessage(turn, dropped)),
    ...(chat.isStream && { stream: true }),
    ...(temperature !== undefined && { temperature }),
    ...(chat.topP !== undefined && { top_p: chat.topP }),
    ...(chat.stop.length > 0 && { stop_sequences: chat.stop }),
    ...(chat.user !== '' && { metadata: { user_id: chat.user } }),
    ...(thinking && { thinking }),
    ...toolsOf(chat),
    ...(chat.answerSchema && {
      output_config: { format: { type: 'json_schema', schema: chat.answerSchema } },
    }),
  }
}

function temperatureOf({ temperature }: ChatRequest, dropped: DroppedFields): number | undefined {
  if (temperature === undefined || temperature <= temperatureMax) return temperature
  dropped.add('temperature')
  return temperatureMax
}

/**
 * After a call of a tool Anthropic wants the thinking that led to it, which OpenAI's clients do not keep: then the
 * model does not think.
 */
function thinkingOf(
  { effort, turns }: ChatRequest,
  maxTokens: number,
  dropped: DroppedFields,
): JsonObject | undefined {
  if (effort === '' || effort === 'none') return undefined
  const budget = budgets[effort]
  const last = turns.at(-1)
  const isAfterCall = last?.parts.some(({ kind }) => kind === 'result') ?? false
  if (budget === undefined || budget >= maxTokens || isAfterCall) {
    dropped.add('reasoning_effort')
    return undefined
  }
  return { type: 'enabled', budget_tokens: budget }
}

function toMessage({ role, parts }: Turn, dropped: DroppedFields): JsonObject {
  const [only] = parts
  if (parts.length === 1 && only?.kind === 'text') return { role, content: only.text }
  // Results of tools come first, as Anthropic wants them.
  const results = parts.filter(({ kind }) => kind === 'result')
  const rest = parts.filter(({ kind }) => kind !== 'result')
  return { role, content: [...results, ...rest].flatMap((part) => toBlock(part, dropped)) }
}

function toBlock(part: Part, dropped: DroppedFields): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    case 'link':
      return [{ type: 'image', source: { type: 'url', url: part.url } }]
    case 'media': {
      const { mediaType, data } = part
      const type = mediaType.startsWith('image/') ? 'image' : 'document'
      return [{ type, source: { type: 'base64', media_type: mediaType, data } }]
    }
    case 'call':
      return [{ type: 'tool_use', id: part.id, name: part.name, input: part.input }]
    case 'result': {
      const content = part.parts.flatMap((inner) => toBlock(inner, dropped))
      return [{ type: 'tool_result', tool_use_id: part.id, content }]
    }
  }
}

function toolsOf({ tools, toolChoice, isParallel }: ChatRequest): JsonObject {
  if (tools.length === 0) return {}
  const choice = toChoice(toolChoice)
  const single = isParallel || choice['type'] === 'none' ? {} : { disable_parallel_tool_use: true }
  return {
    tools: tools.map(({ name, description, schema }) => ({
      name,
      ...(description !== undefined && { description }),
      input_schema: schema,
    })),
    ...((toolChoice !== undefined || !isParallel) && { tool_choice: { ...choice, ...single } }),
  }
}

function toChoice(choice: ChatRequest['toolChoice']): JsonObject {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name }
  if (choice === 'required') return { type: 'any' }
  return { type: choice ?? 'auto' }
}
