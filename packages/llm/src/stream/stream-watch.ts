// Watches a stream pass: what it cost, how it ended and how much text it brought, parsing only where it must.
import type { ClientProtocol, SseEvent, StreamMarks } from '../protocols/protocol.ts'
import { SseBlocks } from '../transport/sse-blocks.ts'
import { parseSseEvent } from '../transport/sse-event.ts'
import { SseSplitter } from '../transport/sse-splitter.ts'
import { mergeUsage, type UsageReport } from '../usage.ts'
import { bytesOfText, hasTextValue, hasValueStartingWith } from './find-value.ts'

/** Text kept for plugins that ask for it, in UTF-16 units; what comes after is not. */
export const textLengthMax = 8 * 1024 * 1024

const BRACE = 0x7b

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
  /** Whether what passed so far ends with a whole event. */
  readonly betweenEvents: boolean
  push(chunk: Buffer): void
}

/**
 * Feed it every chunk of one stream. In most of them none of the protocol's marks occurs: those cost a few searches
 * of their text. An event with a mark is parsed, so a mark inside an answer's text misleads nobody. When
 * all text is wanted every event is parsed.
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
  readonly #protocol: ClientProtocol
  readonly #marks: StreamMarks | undefined
  readonly #wantsText: boolean
  readonly #blocks = new SseBlocks()

  constructor(protocol: ClientProtocol, wantsText: boolean) {
    this.#protocol = protocol
    this.#marks = protocol.marks
    this.#wantsText = wantsText
  }

  /** Whether what passed so far ends with a whole event. */
  get betweenEvents(): boolean {
    return this.#blocks.betweenEvents
  }

  push(chunk: Buffer): void {
    const marks = this.#marks
    if (!marks) return
    const block = this.#blocks.take(chunk)
    if (!block) return
    const text = block.toString('latin1')
    if (this.#wantsText || this.#isMarked(text, marks)) this.#readMarked(block, marks)
    this.textBytes += bytesOfText(text, marks.text)
    if (this.toolCall && marks.toolText !== '') this.textBytes += bytesOfText(text, marks.toolText)
  }

  #readMarked(block: Buffer, marks: StreamMarks): void {
    for (const bytes of new SseSplitter().split(block)) {
      if (this.#wantsText || this.#isMarked(bytes.toString('latin1'), marks)) this.#read(parseSseEvent(bytes))
    }
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

  #read(event: SseEvent): void {
    const facts = this.#protocol.readEvent(event)
    if (facts.usage) this.usage = mergeUsage(this.usage, this.#protocol.usage(facts.usage))
    if (facts.finished) this.finished += facts.finished
    if (facts.toolCall) this.toolCall = true
    if (facts.done) this.done = true
    if (this.#wantsText && facts.text && this.text.length < textLengthMax) this.text += facts.text
  }
}
