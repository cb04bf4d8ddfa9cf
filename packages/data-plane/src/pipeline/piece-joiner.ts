// Makes pieces of a fair size of the chunks that arrive. A client may send its body byte by byte, and each chunk that
// is kept costs a hundred bytes and more beside its own.
import type { PieceReader } from '@weir/plugin-api'

/** Chunks of this size are pieces as they are. */
const fairBytes = 16_384
/** Smaller chunks are joined when they are so many, or have that size together. */
const joinedMax = 256
export const pieceBytesMax = 65_536

export class PieceJoiner {
  readonly pieces: Buffer[] = []
  readonly #reader: PieceReader
  #small: Buffer[] = []
  #smallBytes = 0

  constructor(reader: PieceReader) {
    this.#reader = reader
  }

  push(chunk: Buffer): void {
    if (chunk.length >= fairBytes) {
      this.flush()
      this.#pass(chunk)
      return
    }
    this.#small.push(chunk)
    this.#smallBytes += chunk.length
    if (this.#smallBytes >= fairBytes || this.#small.length === joinedMax) this.flush()
  }

  /** No more chunks come, for now. */
  flush(): void {
    const [first] = this.#small
    if (!first) return
    this.#pass(this.#small.length === 1 ? first : Buffer.concat(this.#small, this.#smallBytes))
    this.#small = []
    this.#smallBytes = 0
  }

  #pass(piece: Buffer): void {
    this.pieces.push(piece)
    this.#reader.push(piece)
  }
}
