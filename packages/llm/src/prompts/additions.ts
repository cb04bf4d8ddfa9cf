// Messages that a configuration puts before and behind those of a request, in each protocol's own shape
// (contract/ai-plugins.md §2.1, prepend and append).
import { type LongJson, longText } from '../large/long-json.ts'
import { type PieceEdit, splicePieces } from '../large/splice-pieces.ts'
import type { JsonObject, ProtocolName } from '../protocols/protocol.ts'

export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** What one member gets: elements around those of its array, or text around its own. Anything else is replaced. */
type Addition =
  | { readonly to: 'array'; readonly key: string; readonly front: Elements; readonly back: Elements }
  | { readonly to: 'text'; readonly key: string; readonly front: string; readonly back: string }
type Elements = readonly object[]

type Adder = (
  body: JsonObject,
  prepend: readonly PromptMessage[],
  append: readonly PromptMessage[],
) => readonly Addition[]

const toChat: Adder = (_body, prepend, append) => elements('messages', prepend, append)

/** With nothing else that a configured message may have. */
const toAnthropic: Adder = (_body, prepend, append) =>
  elements('messages', prepend.map(toPlain), append.map(toPlain))

/** Converse has system prompts of their own, and contents in blocks. */
const toConverse: Adder = (_body, prepend, append) => [
  ...elements('system', prepend.filter(isSystem).map(toBlock), append.filter(isSystem).map(toBlock)),
  ...elements('messages', prepend.filter(isTurn).map(toTurn), append.filter(isTurn).map(toTurn)),
]

const toResponses: Adder = (body, prepend, append) => {
  const additions: Addition[] = []
  if (prepend.length > 0) {
    const text = textOf(prepend)
    const front = isText(body['instructions']) ? `${text}\n` : text
    additions.push({ to: 'text', key: 'instructions', front, back: '' })
  }
  if (append.length === 0) return additions
  const text = textOf(append)
  const { input } = body
  if (Array.isArray(input)) {
    additions.push(...elements('input', [], [{ type: 'message', role: 'user', content: text }]))
  } else additions.push({ to: 'text', key: 'input', front: '', back: isText(input) ? `\n${text}` : text })
  return additions
}

const nowhere: Adder = () => []

const adders: Readonly<Record<ProtocolName, Adder>> = {
  'openai-chat': toChat,
  'openai-responses': toResponses,
  'openai-embeddings': nowhere,
  'anthropic-messages': toAnthropic,
  'anthropic-count-tokens': toAnthropic,
  'bedrock-converse': toConverse,
  passthrough: nowhere,
  'vertex-predict': nowhere,
}

/** The body with the messages added; `body` itself where the protocol has no place for them. */
export function addMessages(
  protocol: ProtocolName,
  body: JsonObject,
  prepend: readonly PromptMessage[],
  append: readonly PromptMessage[],
): JsonObject {
  const changed: Record<string, unknown> = { ...body }
  for (const addition of adders[protocol](body, prepend, append)) {
    const { key } = addition
    const before = body[key]
    if (addition.to === 'text') {
      changed[key] = addition.front + (typeof before === 'string' ? before : '') + addition.back
    } else {
      const own: readonly unknown[] = Array.isArray(before) ? before : []
      changed[key] = [...addition.front, ...own, ...addition.back]
    }
  }
  return changed
}

/** The same for a long body, of which nothing is parsed or copied. Members of `edits` are set, or taken away. */
export function addMessagesToPieces(
  protocol: ProtocolName,
  json: LongJson,
  prepend: readonly PromptMessage[],
  append: readonly PromptMessage[],
  edits: Iterable<readonly [string, undefined]> = [],
): Buffer[] {
  const outline = json.shortMembers
  const changes = new Map<string, PieceEdit>(edits)
  for (const addition of adders[protocol](outline, prepend, append)) {
    changes.set(addition.key, toPieceEdit(addition, outline[addition.key]))
  }
  return splicePieces(json, changes)
}

function toPieceEdit(addition: Addition, before: unknown): PieceEdit {
  if (addition.to === 'text') {
    const { front, back } = addition
    if (isText(before)) return { front: jsonCharacters(front), back: jsonCharacters(back) }
    return Buffer.from(JSON.stringify(front + back))
  }
  const { front, back } = addition
  if (!Array.isArray(before) || before.length === 0) return Buffer.from(JSON.stringify([...front, ...back]))
  return {
    front: Buffer.from(front.map((element) => `${JSON.stringify(element)},`).join('')),
    back: Buffer.from(back.map((element) => `,${JSON.stringify(element)}`).join('')),
  }
}

function elements(key: string, front: Elements, back: Elements): readonly Addition[] {
  return front.length + back.length === 0 ? [] : [{ to: 'array', key, front, back }]
}

function isSystem({ role }: PromptMessage): boolean {
  return role === 'system'
}

function isTurn({ role }: PromptMessage): boolean {
  return role !== 'system'
}

function toPlain({ role, content }: PromptMessage): object {
  return { role, content }
}

function toBlock({ content }: PromptMessage): object {
  return { text: content }
}

function toTurn(message: PromptMessage): object {
  return { role: message.role, content: [toBlock(message)] }
}

function textOf(messages: readonly PromptMessage[]): string {
  return messages.map(({ content }) => content).join('\n')
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || value === longText
}

function jsonCharacters(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1))
}
