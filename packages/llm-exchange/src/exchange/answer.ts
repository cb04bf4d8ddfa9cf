// A complete answer, read no further than somebody asks.
import type { ClientProtocol, JsonObject, LlmAnswer, UsageReport } from '@weir/llm'
import { isJsonObject } from '@weir/contract'

export class Answer implements LlmAnswer {
  readonly status: number
  readonly bytes: Buffer
  /** Undefined when the answer is no JSON object, or an error. */
  readonly json: JsonObject | undefined
  /** What the provider reported. */
  readonly usage: UsageReport | undefined
  readonly #protocol: ClientProtocol
  #text: string | undefined = undefined

  constructor(protocol: ClientProtocol, status: number, bytes: Buffer) {
    this.#protocol = protocol
    this.status = status
    this.bytes = bytes
    this.json = status < 400 ? parse(bytes) : undefined
    const raw = this.json && protocol.answerUsage(this.json)
    this.usage = raw && protocol.usage(raw)
  }

  get text(): string {
    return (this.#text ??= this.json ? this.#protocol.answerText(this.json) : '')
  }

  get hasToolCall(): boolean {
    return this.json !== undefined && this.#protocol.answerHasToolCall(this.json)
  }
}

function parse(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
