// JSON text as it arrives, in pieces: kept to be parsed as a whole, unless it becomes too long for that.
import { LongJson } from './long-json.ts'

/** Text up to this size is parsed as a whole: a millisecond's work, and about what a connection brings at once. */
export const wholeJsonBytesMax = 65_536

export class JsonCollector {
  /** Set as soon as the text is longer than `wholeJsonBytesMax`. */
  long: LongJson | undefined = undefined
  #pieces: Buffer[] = []
  #bytes = 0

  push(piece: Buffer): void {
    if (this.long) {
      this.long.push(piece)
      return
    }
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes <= wholeJsonBytesMax) return
    this.long = new LongJson()
    for (const one of this.#pieces) this.long.push(one)
    this.#pieces = []
  }

  /** The whole of a short text. */
  bytes(): Buffer {
    const [first] = this.#pieces
    return first && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces, this.#bytes)
  }
}
