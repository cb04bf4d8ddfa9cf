// Makes pieces of a fair size of the chunks that arrive. A client may send its body byte by byte, and each chunk that
// is kept costs a hundred bytes and more beside its own.
import type { PieceReader } from '@weir/plugin-api'

/** Chunks of this size are pieces as they are. */
const fairBytes = 16_384
export const pieceBytesMax = 65_536

export class PieceJoiner {
  readonly pieces: Buffer[] = []
  readonly #reader: PieceReader
  #joined: Buffer | undefined = undefined
  #joinedBytes = 0

  constructor(reader: PieceReader) {
    this.#reader = reader
  }

  push(chunk: Buffer): void {
    if (chunk.length >= fairBytes) {
      this.flush()
      this.#pass(chunk)
      return
    }
    if (this.#joinedBytes + chunk.length > pieceBytesMax) this.flush()
    this.#joined ??= Buffer.allocUnsafeSlow(pieceBytesMax)
    this.#joinedBytes += chunk.copy(this.#joined, this.#joinedBytes)
  }

  /** No more chunks come, for now. */
  flush(): void {
    if (!this.#joined || this.#joinedBytes === 0) return
    this.#pass(Buffer.from(this.#joined.subarray(0, this.#joinedBytes)))
    this.#joinedBytes = 0
  }

  #pass(piece: Buffer): void {
    this.pieces.push(piece)
    this.#reader.push(piece)
  }
}
