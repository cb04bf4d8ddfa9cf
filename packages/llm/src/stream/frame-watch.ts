// Watches a stream of binary frames pass, as StreamWatch does one of server-sent events.
import type { ClientProtocol, SseEvent } from '../protocols/protocol.ts'
import { FrameSplitter } from '../transport/event-frames.ts'
import { mergeUsage, type UsageReport } from '../usage.ts'
import { type Watch, textLengthMax } from './stream-watch.ts'

export class FrameWatch implements Watch {
  usage: UsageReport | undefined
  text = ''
  textBytes = 0
  done = false
  finished = 0
  toolCall = false
  readonly brokenEvents = 0
  /** Everything passes at once. */
  readonly rest: Buffer = Buffer.alloc(0)
  readonly #protocol: ClientProtocol
  readonly #wantsText: boolean
  readonly #frames = new FrameSplitter()

  constructor(protocol: ClientProtocol, wantsText: boolean) {
    this.#protocol = protocol
    this.#wantsText = wantsText
  }

  get betweenEvents(): boolean {
    return this.#frames.betweenEvents
  }

  push(chunk: Buffer): Buffer {
    for (const event of this.#frames.push(chunk)) this.#read(event)
    return chunk
  }

  #read(event: SseEvent): void {
    const { usage, text, finished, toolCall, done } = this.#protocol.readEvent(event)
    if (usage) this.usage = mergeUsage(this.usage, this.#protocol.usage(usage))
    if (finished) this.finished += finished
    if (toolCall) this.toolCall = true
    if (done) this.done = true
    if (!text) return
    this.textBytes += Buffer.byteLength(text)
    if (this.#wantsText && this.text.length < textLengthMax) this.text += text
  }
}
