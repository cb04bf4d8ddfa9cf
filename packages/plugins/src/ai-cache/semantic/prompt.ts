// Which part of a prompt is compared by its meaning, and which has to be the same (contract/ai-plugins.md §13).
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from '@weir/llm'

export interface MatchSettings {
  /** How many of the last messages are compared by meaning. */
  readonly message_countback: number
  readonly ignore_system_prompts: boolean
  readonly ignore_assistant_prompts: boolean
  readonly ignore_tool_prompts: boolean
}

export const matchDefaults: MatchSettings = {
  message_countback: 1,
  ignore_system_prompts: true,
  ignore_assistant_prompts: true,
  ignore_tool_prompts: true,
}

export interface SplitPrompt {
  /** Compared by its meaning; never empty. */
  readonly text: string
  /** All other messages, as they are. */
  readonly context: readonly JsonObject[]
}

/** Bytes. Cut texts would be equal that are not, so longer ones are not compared. */
const textBytesMax = 16_384

/** Of a body of openai-chat. Undefined when it holds anything but text, or calls tools: meaning is not all then. */
export function splitPrompt(body: JsonObject, match: MatchSettings): SplitPrompt | undefined {
  const messages: unknown = body['messages']
  if (!Array.isArray(messages)) return undefined
  const texts: (readonly [JsonObject, string])[] = []
  for (const message of messages as readonly unknown[]) {
    const text = isJsonObject(message) ? textOf(message) : undefined
    if (text === undefined || !isJsonObject(message)) return undefined
    texts.push([message, text])
  }
  const compared = new Set(
    texts.filter(([message]) => isCompared(message, match)).slice(-match.message_countback),
  )
  const text = [...compared].flatMap(([, one]) => (one === '' ? [] : [one])).join('\n')
  if (text === '' || Buffer.byteLength(text) > textBytesMax) return undefined
  return { text, context: texts.filter((one) => !compared.has(one)).map(([message]) => message) }
}

function isCompared({ role }: JsonObject, match: MatchSettings): boolean {
  switch (role) {
    case 'system':
    case 'developer':
      return !match.ignore_system_prompts
    case 'assistant':
      return !match.ignore_assistant_prompts
    case 'tool':
      return !match.ignore_tool_prompts
    default:
      return true
  }
}

/** Undefined when the message has something besides text. */
function textOf(message: JsonObject): string | undefined {
  if (['tool_calls', 'function_call', 'audio'].some((member) => !isNothing(message[member]))) return undefined
  const content = message['content'] ?? ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  const parts: string[] = []
  for (const part of content as readonly unknown[]) {
    if (!isJsonObject(part) || part['type'] !== 'text' || typeof part['text'] !== 'string') return undefined
    parts.push(part['text'])
  }
  return parts.join('\n')
}

/** Some clients send `tool_calls: []` with everything that they were answered. */
function isNothing(value: unknown): boolean {
  if (typeof value !== 'object') return value === undefined
  return value === null || Object.keys(value).length === 0
}
