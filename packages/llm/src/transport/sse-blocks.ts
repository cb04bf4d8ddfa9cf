// Cuts a stream of server-sent events at the ends of events only, without looking for each of them.
import { sseCarryBytesMax } from './sse-splitter.ts'

const LF = 10
const CR = 13
const nothing = Buffer.alloc(0)
/** Pieces of one event that are kept apart: each takes memory of its own, however short it is. */
const piecesMax = 1024

/**
 * Feed it the chunks of one stream in order. What it returns are whole events, as many as there are: one that is
 * spread over several chunks comes with those that follow it in the last of them. Only an event that has become
 * longer than the bound without being whole comes as it is, and then piece by piece. No byte is lost or doubled.
 */
export class SseBlocks {
  /** Bytes at the beginning of what `take` returned last that belong to an overlong event. */
  overlongBytes = 0
  /** The beginning of an event whose end has not come. */
  #carry: Buffer[] = []
  #carryBytes = 0
  /** Whether a line or an event has just ended, so that a line feed at the start of the next chunk is a blank line. */
  #lineIsEmpty = true
  #isOverlong = false

  /** Whether what was returned so far ends in the middle of an event. */
  get isOverlong(): boolean {
    return this.#isOverlong
  }

  /** What came after the last whole event and was not returned. */
  get rest(): Buffer {
    return this.#carryBytes === 0 ? nothing : Buffer.concat(this.#carry)
  }

  /** The events completed by this chunk; empty when it completes none. */
  take(chunk: Buffer): Buffer {
    const end = this.#lastEnd(chunk)
    this.overlongBytes = 0
    if (end === chunk.length && this.#carryBytes === 0 && !this.#isOverlong) return chunk
    if (this.#isOverlong) this.overlongBytes = end > 0 ? this.#firstEnd(chunk) : chunk.length
    this.#lineIsEmpty = this.#endsLine(chunk, end)
    if (end === 0) return this.#isOverlong ? chunk : this.#wait(chunk)
    this.#isOverlong = false
    const block = end < chunk.length ? chunk.subarray(0, end) : chunk
    const whole = this.#carryBytes === 0 ? block : Buffer.concat([...this.#carry, block])
    this.#carry = end < chunk.length ? [chunk.subarray(end)] : []
    this.#carryBytes = chunk.length - end
    return whole
  }

  #wait(chunk: Buffer): Buffer {
    if (this.#carry.length === piecesMax) this.#carry = [Buffer.concat(this.#carry)]
    this.#carry.push(chunk)
    this.#carryBytes += chunk.length
    if (this.#carryBytes <= sseCarryBytesMax) return nothing
    const bytes = Buffer.concat(this.#carry)
    this.#carry = []
    this.#carryBytes = 0
    this.#isOverlong = true
    this.overlongBytes = bytes.length
    return bytes
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
    return start > 0 || this.#lineIsEmpty
  }
}
