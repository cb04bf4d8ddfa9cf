// A request of OpenAI's Responses as one of its Chat Completions.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '../../protocols/protocol.ts'
import { isPresent, objectAt, objectsAt, textAt } from '../../protocols/read-json.ts'
import { ConversionError } from '../conversion.ts'
import { DroppedFields } from '../dropped-fields.ts'
import { toChatMessages } from './messages.ts'

/** Members that have the same name and meaning on the other side. */
const same = [
  'model',
  'temperature',
  'top_p',
  'parallel_tool_calls',
  'user',
  'safety_identifier',
  'service_tier',
  'prompt_cache_key',
] as const

const known: ReadonlySet<string> = new Set([
  ...same,
  'input',
  'instructions',
  'stream',
  'max_output_tokens',
  'tools',
  'tool_choice',
  'text',
  'reasoning',
  // What is not stored cannot be asked for later, which is how a chat is.
  'store',
])

/** What only the service that kept it knows: without it the request would mean something else. */
const kept = ['previous_response_id', 'conversation', 'prompt'] as const

export function toChatRequest(body: JsonObject): { body: JsonObject; dropped: readonly string[] } {
  for (const name of kept) {
    if (isPresent(body[name])) throw new ConversionError(`${name} needs a provider that stores responses`)
  }
  const dropped = new DroppedFields()
  dropped.addUnknown(body, known)
  const chat: Record<string, unknown> = { messages: toChatMessages(body, dropped) }
  for (const name of same) if (isPresent(body[name])) chat[name] = body[name]
  if (isPresent(body['max_output_tokens'])) chat['max_completion_tokens'] = body['max_output_tokens']
  if (body['stream'] === true) {
    chat['stream'] = true
    chat['stream_options'] = { include_usage: true }
  }
  const effort = textAt(objectAt(body, 'reasoning'), 'effort')
  if (effort !== '') chat['reasoning_effort'] = effort
  dropped.addUnknown(objectAt(body, 'reasoning'), new Set(['effort']), 'reasoning.')
  readText(objectAt(body, 'text'), chat)
  const tools = toTools(body, dropped)
  if (tools.length === 0) delete chat['parallel_tool_calls']
  else Object.assign(chat, { tools }, toChoice(body['tool_choice'], dropped))
  return { body: chat, dropped: dropped.names }
}

function readText(text: JsonObject, chat: Record<string, unknown>): void {
  if (isPresent(text['verbosity'])) chat['verbosity'] = text['verbosity']
  const { type, ...format } = objectAt(text, 'format')
  if (type === 'json_schema') chat['response_format'] = { type, json_schema: format }
  else if (type === 'json_object') chat['response_format'] = { type }
}

function toTools(body: JsonObject, dropped: DroppedFields): JsonObject[] {
  return objectsAt(body, 'tools').flatMap(({ type, ...called }) => {
    if (type === 'function') return [{ type, function: called }]
    dropped.add(`tools.${typeof type === 'string' ? type : ''}`)
    return []
  })
}

function toChoice(choice: unknown, dropped: DroppedFields): JsonObject {
  if (typeof choice === 'string') return { tool_choice: choice }
  if (!isJsonObject(choice)) return {}
  if (choice['type'] === 'function') {
    return { tool_choice: { type: 'function', function: { name: textAt(choice, 'name') } } }
  }
  dropped.add('tool_choice')
  return {}
}
