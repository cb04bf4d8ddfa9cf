// Watches a stream pass: what it cost, how it ended and how much text it brought, parsing only where it must. What is
// broken does not pass.
import type { ClientProtocol, JsonObject, SseEvent, StreamMarks } from '../protocols/protocol.ts'
import { parseObject } from '../protocols/read-json.ts'
import { SseBlocks } from '../transport/sse-blocks.ts'
import { eventEnd, hasData, parseSseEvent } from '../transport/sse-event.ts'
import { mergeUsage, type UsageReport } from '../usage.ts'
import { EventShape } from './event-shape.ts'
import { bytesOfText, hasTextValue, hasValueStartingWith, partMark } from './find-value.ts'

/** Text kept for plugins that ask for it, in UTF-16 units; what comes after is not. */
export const textLengthMax = 8 * 1024 * 1024

const BRACE = 0x7b
const nothing = Buffer.alloc(0)

/** What is known of a stream while it passes. */
export interface Watch {
  readonly usage: UsageReport | undefined
  /** All text so far, when it is wanted. */
  readonly text: string
  /** Bytes of the answer's text, about: what an estimate of its tokens needs. */
  readonly textBytes: number
  /** The stream said that it is over. */
  readonly done: boolean
  /** Answers that are said to be complete. */
  readonly finished: number
  readonly toolCall: boolean
  /** Events that were broken, and are left out. */
  readonly brokenEvents: number
  /** Whether what may be passed on so far ends with a whole event. */
  readonly betweenEvents: boolean
  /** Returns what may be passed on now. */
  push(chunk: Buffer): Buffer
  /** What `push` has kept back, when the stream is over; empty where that is broken. */
  readonly rest: Buffer
}

/**
 * Feed it every chunk of one stream; it returns whole events, without those whose data is neither a JSON object nor
 * the end. An event is parsed once; most of those behind it are like one before, which a comparison tells. An event
 * with one of the protocol's marks is read, so a mark inside an answer's text misleads nobody. When all text is
 * wanted every event is read.
 *
 * An event that is longer than `sseCarryBytesMax` passes unread, and so does everything of a protocol without marks.
 */
export class StreamWatch implements Watch {
  usage: UsageReport | undefined
  /** All text so far, when it is wanted. */
  text = ''
  /** Bytes of the answer's text, escapes counted as they stand: what an estimate of its tokens needs. */
  textBytes = 0
  /** The stream said that it is over. */
  done = false
  /** Answers that are said to be complete. */
  finished = 0
  toolCall = false
  brokenEvents = 0
  readonly #protocol: ClientProtocol
  readonly #marks: StreamMarks | undefined
  readonly #wantsText: boolean
  readonly #blocks = new SseBlocks()
  readonly #shape: EventShape | undefined

  constructor(protocol: ClientProtocol, wantsText: boolean) {
    this.#protocol = protocol
    this.#marks = protocol.marks
    this.#wantsText = wantsText
    this.#shape = protocol.marks && !wantsText ? new EventShape(protocol.marks) : undefined
  }

  get betweenEvents(): boolean {
    return !this.#blocks.isOverlong
  }

  get rest(): Buffer {
    const { rest } = this.#blocks
    if (rest.length === 0) return rest
    const event = parseSseEvent(rest)
    return needsNoObject(event) || parseObject(event.data) ? rest : nothing
  }

  push(chunk: Buffer): Buffer {
    const marks = this.#marks
    if (!marks) return chunk
    const block = this.#blocks.take(chunk)
    let at = this.#blocks.overlongBytes
    if (at === block.length) return block
    const text = block.toString('latin1')
    const shape = this.#shape
    /** What stands before broken events, and where it goes on behind them. */
    let kept: Buffer[] | undefined
    let from = 0
    while (at < text.length) {
      const same = shape ? shape.match(text, at) : -1
      const end = same < 0 ? eventEnd(text, at) : same
      if (same >= 0) this.#countSame()
      else if (!this.#accept(block.subarray(at, end), text.slice(at, end), marks)) {
        ;(kept ??= []).push(block.subarray(from, at))
        from = end
      }
      at = end
    }
    return kept ? Buffer.concat([...kept, block.subarray(from)]) : block
  }

  /** The event that was like those before brings text, and nothing else that counts. */
  #countSame(): void {
    const { textBytes = 0, toolTextBytes = 0 } = this.#shape ?? {}
    this.textBytes += this.toolCall ? textBytes + toolTextBytes : textBytes
  }

  /** Whether the event may pass. `text`: its bytes as Latin-1. */
  #accept(bytes: Buffer, text: string, marks: StreamMarks): boolean {
    const event = parseSseEvent(bytes)
    const isFree = needsNoObject(event)
    const data = isFree ? undefined : parseObject(event.data)
    if (!data && !isFree) {
      this.brokenEvents++
      return false
    }
    if (this.#wantsText || this.#isMarked(text, marks)) this.#read(event, data)
    else if (data) this.#shape?.learn(text)
    this.textBytes += bytesOfText(text, marks.text)
    const ofPart = partMark(text, marks)
    if (ofPart !== undefined) this.textBytes += bytesOfText(text, ofPart)
    if (this.toolCall && marks.toolText !== '') this.textBytes += bytesOfText(text, marks.toolText)
    return true
  }

  #isMarked(text: string, marks: StreamMarks): boolean {
    return (
      hasValueStartingWith(text, marks.usage, BRACE) ||
      (marks.finish !== undefined && hasTextValue(text, marks.finish)) ||
      text.includes(marks.done) ||
      (marks.error !== undefined && text.includes(marks.error)) ||
      (!this.toolCall && text.includes(marks.toolCall))
    )
  }

  #read(event: SseEvent, data: JsonObject | undefined): void {
    const facts = this.#protocol.readEvent(event, data)
    if (facts.usage) this.usage = mergeUsage(this.usage, this.#protocol.usage(facts.usage))
    if (facts.finished) this.finished += facts.finished
    if (facts.toolCall) this.toolCall = true
    if (facts.done) this.done = true
    if (this.#wantsText && facts.text && this.text.length < textLengthMax) this.text += facts.text
  }
}

/**
 * An error is told in whatever form it comes, and what has no data needs none. All else that is no JSON object would
 * make clients fail in the middle of their answer.
 */
function needsNoObject(event: SseEvent): boolean {
  return event.type === 'error' || event.data.trim() === '[DONE]' || !hasData(event)
}
