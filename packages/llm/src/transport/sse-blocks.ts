// Cuts a stream of server-sent events at the ends of events only, without looking for each of them.
import { sseCarryBytesMax } from './sse-splitter.ts'

const LF = 10
const CR = 13

/**
 * Feed it the chunks of one stream in order. What it returns are whole events, as many as there are: one that is
 * spread over several chunks comes with those that follow it in the last of them. An event that is longer than the
 * bound is left out.
 */
export class SseBlocks {
  /** The beginning of an event whose end has not come. */
  #carry: Buffer[] = []
  #carryBytes = 0
  /** Whether a line has just ended, so that a line feed at the start of the next chunk ends the event. */
  #lineIsEmpty = false
  #skipping = false

  /** Whether the last chunk ended with the end of an event. */
  get betweenEvents(): boolean {
    return this.#carryBytes === 0 && !this.#skipping
  }

  /** The events completed by this chunk. */
  take(chunk: Buffer): Buffer | undefined {
    const end = this.#lastEnd(chunk)
    if (end === chunk.length && this.#carryBytes === 0 && !this.#skipping) return chunk
    const start = this.#skipping && end > 0 ? this.#firstEnd(chunk) : 0
    if (end < chunk.length) this.#lineIsEmpty = this.#endsLine(chunk, end)
    else if (end > 0) this.#lineIsEmpty = false
    if (end === 0) {
      this.#keep(chunk)
      return undefined
    }
    this.#skipping = false
    if (start < end) this.#carry.push(chunk.subarray(start, end))
    const block = this.#carry.length === 1 ? this.#carry[0] : Buffer.concat(this.#carry)
    this.#carry = []
    this.#carryBytes = 0
    if (end < chunk.length) this.#keep(chunk.subarray(end))
    return block
  }

  /** The place after the last blank line, 0 when there is none. */
  #lastEnd(chunk: Buffer): number {
    let at = chunk.length - 1
    // Nearly always the last byte is it, and a look is cheaper than a search.
    if (chunk[at] !== LF) at = chunk.lastIndexOf(LF)
    while (at >= 0) {
      if (this.#isBlank(chunk, at)) return at + 1
      at = at === 0 ? -1 : chunk.lastIndexOf(LF, at - 1)
    }
    return 0
  }

  #firstEnd(chunk: Buffer): number {
    let at = chunk.indexOf(LF)
    while (!this.#isBlank(chunk, at)) at = chunk.indexOf(LF, at + 1)
    return at + 1
  }

  /** Whether the line that ends at `at` is empty. */
  #isBlank(chunk: Buffer, at: number): boolean {
    let before = at - 1
    while (chunk[before] === CR) before--
    return before < 0 ? this.#lineIsEmpty : chunk[before] === LF
  }

  /** Whether what follows `start` leaves a line empty so far. */
  #endsLine(chunk: Buffer, start: number): boolean {
    let last = chunk.length - 1
    while (last >= start && chunk[last] === CR) last--
    if (last >= start) return chunk[last] === LF
    return start === 0 && this.#lineIsEmpty
  }

  #keep(bytes: Buffer): void {
    if (this.#skipping) return
    this.#carryBytes += bytes.length
    this.#carry.push(bytes)
    if (this.#carryBytes <= sseCarryBytesMax) return
    this.#skipping = true
    this.#carry = []
    this.#carryBytes = 0
  }
}
