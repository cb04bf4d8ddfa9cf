// A stream of bytes converted: events split off, converted and written.
import type { SseEvent } from '../protocols/protocol.ts'
import { FrameSplitter } from '../transport/event-frames.ts'
import { encodeSseEvent } from '../transport/sse-event.ts'
import { SseSplitter } from '../transport/sse-splitter.ts'
import type { StreamConversion } from './conversion.ts'

const nothing = Buffer.alloc(0)

export class StreamConverter {
  readonly #splitter: { push(chunk: Buffer): readonly SseEvent[] }
  readonly #conversion: StreamConversion

  /** `framed`: the provider sends Amazon's frames. */
  constructor(conversion: StreamConversion, framed: boolean) {
    this.#conversion = conversion
    this.#splitter = framed ? new FrameSplitter() : new SseSplitter()
  }

  /** Empty when nothing can be said yet. `isLast`: the stream has said that it is over. */
  push(chunk: Buffer, isLast = false): Buffer {
    let text = ''
    for (const event of this.#splitter.push(chunk)) {
      for (const one of this.#conversion.push(event)) text += encodeSseEvent(one)
    }
    if (isLast) text += this.#rest()
    return text === '' ? nothing : Buffer.from(text)
  }

  end(): Buffer {
    return Buffer.from(this.#rest())
  }

  #rest(): string {
    let text = ''
    for (const event of this.#conversion.end()) text += encodeSseEvent(event)
    return text
  }
}
