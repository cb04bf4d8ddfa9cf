// Splits a stream of server-sent events, however its bytes were cut into chunks.
import type { SseEvent } from '../protocols/protocol.ts'
import { parseSseEvent } from './sse-event.ts'

/** An event that is longer than this is not kept (contract/ai-plugins.md §6.6). */
export const sseCarryBytesMax = 1024 * 1024

const LF = 10
const CR = 13
const none: readonly never[] = []

/**
 * Feed it the chunks of one stream in order. What it returns is whole: an event ends with a blank line, so the
 * bytes of all events and of `rest` are exactly the bytes that came, unless an event was overlong.
 */
export class SseSplitter {
  /** Bytes of the event under way, from chunks before the current one. */
  #carry: Buffer[] = []
  #carryBytes = 0
  /** Whether the last byte ended a line, so that a line feed now makes a blank one: it may be cut anywhere. */
  #lineIsEmpty = false
  #skipping = false

  /** What came after the last whole event. */
  get rest(): Buffer {
    return Buffer.concat(this.#carry)
  }

  /** The events completed by this chunk. */
  push(chunk: Buffer): readonly SseEvent[] {
    const pieces = this.#split(chunk)
    return pieces.length === 0 ? none : pieces.map(parseSseEvent)
  }

  /** The bytes of the events completed by this chunk, not yet read. */
  #split(chunk: Buffer): readonly Buffer[] {
    let events: Buffer[] | undefined
    let start = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#lineIsEmpty) {
        const byte = chunk[at]
        if (byte === LF) {
          at++
          const event = this.#complete(chunk.subarray(start, at))
          if (event) (events ??= []).push(event)
          start = at
          this.#lineIsEmpty = false
          continue
        }
        // The carriage return of a blank line; the line feed comes next, perhaps in the next chunk.
        if (byte === CR) {
          at++
          continue
        }
        this.#lineIsEmpty = false
      }
      const lineEnd = chunk.indexOf(LF, at)
      if (lineEnd < 0) break
      this.#lineIsEmpty = true
      at = lineEnd + 1
    }
    if (start < chunk.length) this.#keep(start === 0 ? chunk : chunk.subarray(start))
    return events ?? none
  }

  #complete(tail: Buffer): Buffer | undefined {
    if (this.#skipping) {
      this.#skipping = false
      return undefined
    }
    if (this.#carry.length === 0) return tail
    this.#carry.push(tail)
    const bytes = Buffer.concat(this.#carry)
    this.#carry = []
    this.#carryBytes = 0
    return bytes
  }

  #keep(bytes: Buffer): void {
    if (this.#skipping) return
    this.#carryBytes += bytes.length
    if (this.#carryBytes > sseCarryBytesMax) {
      this.#skipping = true
      this.#carry = []
      this.#carryBytes = 0
    } else {
      this.#carry.push(bytes)
    }
  }
}
