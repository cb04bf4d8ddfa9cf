// The lines of an output that comes in pieces.

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Feed it pieces in order; it returns the lines that they complete, without their ends. */
export class LineSplitter {
  readonly #bytesMax: number
  #pieces: Buffer[] = []
  #bytes = 0

  /** A line may have `bytesMax` bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Undefined when a line is too long. Empty lines are left out. */
  push(piece: Buffer): readonly string[] | undefined {
    const lines: string[] = []
    let start = 0
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      if (!this.#keep(piece.subarray(start, end))) return undefined
      const line = this.take()
      if (line !== '') lines.push(line)
      start = end + 1
    }
    return this.#keep(piece.subarray(start)) ? lines : undefined
  }

  /** What there is of a line that has not ended. */
  take(): string {
    let bytes = Buffer.concat(this.#pieces)
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1)
    this.#pieces = []
    this.#bytes = 0
    return bytes.toString()
  }

  #keep(piece: Buffer): boolean {
    if (piece.length > 0) this.#pieces.push(piece)
    this.#bytes += piece.length
    return this.#bytes <= this.#bytesMax
  }
}
