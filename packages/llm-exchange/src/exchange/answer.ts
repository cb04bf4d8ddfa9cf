// A complete answer, read no further than somebody asks.
import { isJsonObject } from '@weir/contract'
import {
  type ClientProtocol,
  type JsonObject,
  lastMembers,
  type LlmAnswer,
  type UsageReport,
} from '@weir/llm'

export class Answer implements LlmAnswer {
  readonly status: number
  readonly bytes: Buffer
  /** What the provider reported. */
  readonly usage: UsageReport | undefined
  readonly #protocol: ClientProtocol
  #json: JsonObject | undefined | 'not parsed' = 'not parsed'
  #text: string | undefined = undefined

  constructor(protocol: ClientProtocol, status: number, bytes: Buffer) {
    this.#protocol = protocol
    this.status = status
    this.bytes = bytes
    const members = status < 400 ? (lastMembers(bytes, 'usage') ?? this.json) : undefined
    const raw = members && protocol.answerUsage(members)
    this.usage = raw && protocol.usage(raw)
  }

  /** Undefined when the answer is no JSON object, or an error. */
  get json(): JsonObject | undefined {
    if (this.#json === 'not parsed') this.#json = this.status < 400 ? parseObject(this.bytes) : undefined
    return this.#json
  }

  /** How much text it brings, for an estimate; undefined when it is no JSON object, or an error. */
  get textBytes(): number | undefined {
    return this.json && Buffer.byteLength(this.text)
  }

  get text(): string {
    return (this.#text ??= this.json ? this.#protocol.answerText(this.json) : '')
  }

  readText(): string {
    return this.text
  }

  get hasToolCall(): boolean {
    if (!toolMarks.some((mark) => this.bytes.includes(mark))) return false
    return this.json !== undefined && this.#protocol.answerHasToolCall(this.json)
  }
}

/** One of these stands in every answer that calls a tool, whatever its protocol. */
const toolMarks = ['"tool_calls"', '"function_call"', '"tool_use"', '"toolUse"']

/** Undefined when it is none. */
export function parseObject(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
