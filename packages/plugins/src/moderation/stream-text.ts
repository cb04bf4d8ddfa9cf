// The text of a stream, portion by portion, as it is to be judged.
import { isJsonObject } from '@weir/contract'
import type { EventFacts, ProtocolName, SseEvent } from '@weir/llm'
import type { LlmExchange } from '@weir/plugin-api'

/** An event of openai-chat that may belong to another answer than the first. */
const furtherAnswer = /"index"\s*:\s*[1-9]/

/** Whose data says what it is. */
const typed: ReadonlySet<ProtocolName> = new Set<ProtocolName>(['anthropic-messages', 'openai-responses'])

/** More answers than this are judged as if they were one. */
const answersMax = 128

/**
 * Who asks for several answers (`n`) is sent their pieces by turns. Each is judged by itself, or a word could hide
 * between the pieces of another answer.
 */
export class StreamText {
  /** Bytes of the portion. */
  bytes = 0
  readonly #llm: LlmExchange
  readonly #overlapLength: number
  /** The first answer's; of the others by their number. */
  #text = ''
  #before = ''
  #others: Map<number, { text: string; before: string }> | undefined

  /** Of what was taken, the last `overlapLength` characters of each answer are judged again. */
  constructor(llm: LlmExchange, overlapLength: number) {
    this.#llm = llm
    this.#overlapLength = overlapLength
  }

  add(event: SseEvent): EventFacts {
    const { protocol } = this.#llm
    const facts = protocol.readEvent(asClientsRead(event, protocol.name))
    const { text } = facts
    if (text === undefined || text === '') return facts
    this.bytes += Buffer.byteLength(text)
    if (protocol.name === 'openai-chat' && furtherAnswer.test(event.data)) this.#addByAnswer(event.data, text)
    else this.#text += text
    return facts
  }

  /** The portion, which ends with it. */
  take(): string {
    this.bytes = 0
    const portions: string[] = []
    if (this.#text !== '') {
      const portion = this.#before + this.#text
      this.#before = this.#endOf(portion)
      this.#text = ''
      if (!this.#others) return portion
      portions.push(portion)
    }
    for (const other of this.#others?.values() ?? []) {
      if (other.text === '') continue
      const whole = other.before + other.text
      portions.push(whole)
      other.before = this.#endOf(whole)
      other.text = ''
    }
    return portions.join('\n')
  }

  #endOf(portion: string): string {
    return this.#overlapLength === 0 ? '' : portion.slice(-this.#overlapLength)
  }

  #addByAnswer(data: string, text: string): void {
    const choices = choicesOf(data)
    if (!choices) {
      this.#text += text
      return
    }
    for (const { index, content } of choices) {
      const others = (this.#others ??= new Map())
      const other = others.get(index)
      if (other) other.text += content
      else if (index === 0 || others.size >= answersMax) this.#text += content
      else others.set(index, { text: content, before: '' })
    }
  }
}

/**
 * Clients go by what the data says: those of chats read events with names as well, and those of other protocols events
 * without.
 */
function asClientsRead(event: SseEvent, protocol: ProtocolName): SseEvent {
  if (protocol === 'openai-chat') return event.type === 'message' ? event : { ...event, type: 'message' }
  if (event.type !== 'message' || !typed.has(protocol)) return event
  const type = typeOf(event.data)
  return type === undefined ? event : { ...event, type }
}

function typeOf(data: string): string | undefined {
  try {
    const document: unknown = JSON.parse(data)
    return isJsonObject(document) && typeof document['type'] === 'string' ? document['type'] : undefined
  } catch {
    return undefined
  }
}

function choicesOf(data: string): readonly { index: number; content: string }[] | undefined {
  try {
    const document: unknown = JSON.parse(data)
    if (!isJsonObject(document) || !Array.isArray(document['choices'])) return undefined
    return document['choices'].map(readChoice)
  } catch {
    return undefined
  }
}

function readChoice(choice: unknown): { index: number; content: string } {
  if (!isJsonObject(choice)) return { index: 0, content: '' }
  const { index, delta } = choice
  const content = isJsonObject(delta) ? delta['content'] : undefined
  return {
    index: typeof index === 'number' ? index : 0,
    content: Array.isArray(content) ? content.map(textOfPart).join('') : textOf(content),
  }
}

function textOfPart(part: unknown): string {
  return isJsonObject(part) && part['type'] === 'text' ? textOf(part['text']) : ''
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
