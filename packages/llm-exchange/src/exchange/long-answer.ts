// A complete answer too long to be parsed before it is passed on: embeddings by the thousand, pictures.
import {
  type ClientProtocol,
  cutPieces,
  type JsonObject,
  lastMembers,
  type LlmAnswer,
  LongJson,
  readTexts,
  totalBytes,
  type UsageReport,
} from '@weir/llm'
import { parseObject } from './answer.ts'

/** How much of the beginning and of the end is looked at. */
const edgeBytes = 65_536
/** What an answer that calls a tool has in it, whatever its protocol. */
const toolCall = /"tool_calls"\s*:\s*\[\s*\{|"type"\s*:\s*"(?:tool_use|function_call)"|"toolUse"\s*:/

export class LongAnswer implements LlmAnswer {
  readonly status: number
  /** What the provider reported, where providers report it: among the last members, or the first. */
  readonly usage: UsageReport | undefined
  /** About how much text it brings, for an estimate; undefined when it is no JSON object, or an error. */
  readonly textBytes: number | undefined
  readonly #protocol: ClientProtocol
  readonly #pieces: readonly Buffer[]
  readonly #head: readonly Buffer[]
  readonly #tail: Buffer
  #bytes: Buffer | undefined = undefined
  #json: JsonObject | undefined | 'not parsed' = 'not parsed'

  constructor(protocol: ClientProtocol, status: number, pieces: readonly Buffer[]) {
    const length = totalBytes(pieces)
    this.status = status
    this.#protocol = protocol
    this.#pieces = pieces
    this.#head = cutPieces(pieces, 0, edgeBytes)
    this.#tail = Buffer.concat(cutPieces(pieces, length - edgeBytes, length))
    const head = new LongJson()
    for (const piece of this.#head) head.push(piece)
    if (status >= 400 || !head.isObject) return
    this.textBytes = protocol.marks ? length : 0
    const raw = protocol.answerUsage(lastMembers(this.#tail, 'usage') ?? head.shortMembers)
    this.usage = raw && protocol.usage(raw)
  }

  /** A copy in one. */
  get bytes(): Buffer {
    return (this.#bytes ??= Buffer.concat(this.#pieces))
  }

  /** Parses all of it at once, which takes milliseconds for each megabyte. */
  get json(): JsonObject | undefined {
    if (this.#json === 'not parsed') this.#json = this.status < 400 ? parseObject(this.bytes) : undefined
    return this.#json
  }

  get text(): string {
    return this.json ? this.#protocol.answerText(this.json) : ''
  }

  async readText(): Promise<string> {
    if (this.status >= 400) return ''
    const texts = await readTexts(this.#pieces, { protocol: this.#protocol.name, turns: undefined })
    return texts.join(' ')
  }

  /** As far as the beginning and the end tell. */
  get hasToolCall(): boolean {
    return [...this.#head, this.#tail].some((bytes) => toolCall.test(bytes.toString('latin1')))
  }
}
