// A request's conversation in one shape, whatever its protocol (contract/ai-plugins.md §2.1, canonical messages).
import { isJsonObject } from '@weir/contract'
import { textsOfContent } from '../protocols/message-texts.ts'
import type { JsonObject, ProtocolName } from '../protocols/protocol.ts'
import { objectsAt, textAt } from '../protocols/read-json.ts'
import { anthropicToolTexts, converseToolTexts } from '../protocols/tool-texts.ts'

export interface CanonicalMessage {
  /** As the request has it: `system`, `developer`, `user`, `assistant`, `tool` ... */
  readonly role: string
  /** Never empty. */
  readonly content: string
}

type Reader = (body: JsonObject, withTools: boolean) => readonly CanonicalMessage[]
type TextsOf = (message: JsonObject) => readonly string[]

const none: Reader = () => []
const isText = (part: JsonObject) => part['type'] === 'text'
const isAny = () => true

const chat: Reader = (body) => messagesOf(body, isText)

/** APISIX reads a system prompt only where it is a string. */
const anthropic: Reader = (body, withTools) => [
  ...message('system', textsOfContent(body['system'], isText)),
  ...messagesOf(body, isText, withTools ? anthropicToolTexts : undefined),
]

const converse: Reader = (body, withTools) => [
  ...message('system', textsOfContent(body['system'], isAny)),
  ...messagesOf(body, isAny, withTools ? converseToolTexts : undefined),
]

const responses: Reader = (body) => {
  const { input } = body
  const items: readonly unknown[] = Array.isArray(input) ? input : [input]
  return [...message('system', [textAt(body, 'instructions')]), ...items.flatMap(messageOfItem)]
}

/** Of a list APISIX reads nothing. */
const embeddings: Reader = ({ input }) => {
  if (typeof input === 'string') return message('user', [input])
  return Array.isArray(input) ? message('user', input.filter(isString)) : []
}

const readers: Readonly<Record<ProtocolName, Reader>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'openai-embeddings': embeddings,
  'anthropic-messages': anthropic,
  'anthropic-count-tokens': anthropic,
  'bedrock-converse': converse,
  passthrough: none,
  'vertex-predict': none,
}

/** In order, system prompts first; parts of a message are joined by a blank, and empty messages left out. */
export function conversationOf(protocol: ProtocolName, body: JsonObject): readonly CanonicalMessage[] {
  return readers[protocol](body, false)
}

/** The same with messages of tools also where these speak within those of users. */
export function wholeConversationOf(protocol: ProtocolName, body: JsonObject): readonly CanonicalMessage[] {
  return readers[protocol](body, true)
}

function messagesOf(
  body: JsonObject,
  isPart: (part: JsonObject) => boolean,
  toolTextsOf?: TextsOf,
): readonly CanonicalMessage[] {
  return objectsAt(body, 'messages').flatMap((one) => [
    ...(toolTextsOf ? message('tool', toolTextsOf(one)) : []),
    ...message(textAt(one, 'role'), textsOfContent(one['content'], isPart)),
  ])
}

function messageOfItem(item: unknown): readonly CanonicalMessage[] {
  if (typeof item === 'string') return message('user', [item])
  if (!isJsonObject(item)) return []
  const { content = item['text'] ?? item['output'] } = item
  return message(textAt(item, 'role') || 'user', textsOfContent(content, isAny))
}

function message(role: string, texts: readonly string[]): readonly CanonicalMessage[] {
  const content = texts.filter((text) => text !== '').join(' ')
  return content === '' ? [] : [{ role, content }]
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
