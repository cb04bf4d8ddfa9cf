// Built from scratch: what is not known does not pass (contract/ai-plugins.md §7.1).
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { numberAt, objectAt, objectsAt, textAt } from '../../protocols/read-json.ts'
import { DroppedFields } from '../dropped-fields.ts'
import { toChatMessages } from './messages.ts'
import { strictSchema } from './strict-schema.ts'
import type { ToolNames } from './tool-names.ts'

const known = new Set([
  'model',
  'messages',
  'system',
  'stream',
  'max_tokens',
  'temperature',
  'top_p',
  'service_tier',
  'stop_sequences',
  'thinking',
  'output_config',
  'output_format',
  'tools',
  'tool_choice',
  'metadata',
])

/** Tools that Anthropic runs itself, or whose form it fixes: no other provider has them. */
const ownTools = ['computer_', 'bash_', 'text_editor_', 'web_search', 'code_execution_']

export function toChatRequest(
  body: JsonObject,
  names: ToolNames,
): { readonly body: JsonObject; readonly dropped: readonly string[] } {
  const dropped = new DroppedFields()
  dropped.addUnknown(body, known)
  dropped.addUnknown(objectAt(body, 'metadata'), new Set(['user_id']), 'metadata.')
  const { stream, temperature, top_p } = body
  const chat: Record<string, unknown> = {
    model: typeof body['model'] === 'string' ? body['model'] : undefined,
    messages: toChatMessages(body, names, dropped),
    temperature: temperature ?? undefined,
    top_p: top_p ?? undefined,
    service_tier: typeof body['service_tier'] === 'string' ? body['service_tier'] : undefined,
    stream: stream ?? undefined,
    stream_options: stream ? { include_usage: true } : undefined,
    max_completion_tokens: body['max_tokens'] ?? undefined,
    stop: Array.isArray(body['stop_sequences']) ? body['stop_sequences'] : undefined,
    reasoning_effort: reasoningEffort(body),
    response_format: responseFormat(body),
    user: textAt(objectAt(body, 'metadata'), 'user_id') || undefined,
  }
  const tools = toTools(body, names, dropped)
  if (tools.length > 0) Object.assign(chat, { tools, ...toolChoice(body, names) })
  return { body: withoutUndefined(chat), dropped: dropped.names }
}

function withoutUndefined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

function reasoningEffort(body: JsonObject): string | undefined {
  const thinking = objectAt(body, 'thinking')
  switch (thinking['type']) {
    case 'enabled': {
      const budget = numberAt(thinking, 'budget_tokens')
      if (budget >= 4096) return 'high'
      if (budget >= 2048) return 'medium'
      return budget >= 1024 ? 'low' : 'minimal'
    }
    case 'adaptive':
      return textAt(objectAt(body, 'output_config'), 'effort') || 'medium'
    default:
      return undefined
  }
}

function responseFormat(body: JsonObject): JsonObject | undefined {
  const own = body['output_format']
  const format = isJsonObject(own) ? own : objectAt(objectAt(body, 'output_config'), 'format')
  const schema = objectAt(format, 'schema')
  if (format['type'] !== 'json_schema' || Object.keys(schema).length === 0) return undefined
  return {
    type: 'json_schema',
    json_schema: { name: 'structured_output', schema: strictSchema(schema), strict: true },
  }
}

function toTools(body: JsonObject, names: ToolNames, dropped: DroppedFields): JsonObject[] {
  return objectsAt(body, 'tools').flatMap((tool) => {
    const [type, name] = [textAt(tool, 'type'), textAt(tool, 'name')]
    if (name === '' || ownTools.some((prefix) => type.startsWith(prefix))) {
      dropped.add(type === '' ? 'tools' : `tools.${type}`)
      return []
    }
    if (tool['cache_control']) dropped.add('cache_control')
    const { description, input_schema: parameters } = tool
    const described = withoutUndefined({ name: names.declare(name), description, parameters })
    return [{ type: 'function', function: described }]
  })
}

function toolChoice(body: JsonObject, names: ToolNames): JsonObject {
  const choice = objectAt(body, 'tool_choice')
  const single = choice['disable_parallel_tool_use'] === true ? { parallel_tool_calls: false } : {}
  switch (choice['type']) {
    case 'auto':
      return { tool_choice: 'auto', ...single }
    case 'any':
      return { tool_choice: 'required', ...single }
    case 'none':
      return { tool_choice: 'none', ...single }
    case 'tool': {
      const name = textAt(choice, 'name')
      if (name === '') return single
      return { tool_choice: { type: 'function', function: { name: names.declared(name) } }, ...single }
    }
    default:
      return single
  }
}
