// Takes a body out of its chunked transfer coding (RFC 9112 §7.1) as far as it is plain: sizes and data. The last
// chunk, trailers, extensions and errors are left to a parser that has seen nothing of the body.

const CR = 13
const LF = 10
/** Hexadecimal digits of a chunk's size, which is 256 MB; a longer one is left to the parser. */
const sizeDigitsMax = 7
/** Tells a parser that waits for a size of a chunk that something is wrong. */
const noSize = Buffer.from('!')

type Place = 'size' | 'size-lf' | 'data' | 'data-cr' | 'data-lf'

export class ChunkDecoder {
  /** Bytes for the parser, which takes over: those from the first chunk on that is not plain. */
  rest: Buffer | undefined
  #place: Place = 'size'
  /** Bytes of the chunk's data that are still to come; its size as far as it is read, before. */
  #left = 0
  #digits = 0

  /**
   * The data in the first `length` bytes, copied out; they are changed. What follows a `rest` is the parser's too.
   */
  decode(bytes: Buffer, length: number): Buffer | undefined {
    let at = 0
    // Data is moved together in front, so that what several chunks bring is one piece.
    let start = 0
    let end = 0
    while (at < length) {
      if (this.#place === 'data') {
        const next = Math.min(at + this.#left, length)
        if (end === 0) start = at
        else bytes.copyWithin(end, at, next)
        end = end === 0 ? next : end + next - at
        this.#left -= next - at
        at = next
        if (this.#left === 0) this.#place = 'data-cr'
      } else if (this.#readFraming(bytes[at] ?? 0)) {
        at++
      } else {
        this.rest = this.#handOver(bytes, at, length)
        break
      }
    }
    if (end === 0) return undefined
    const data = Buffer.allocUnsafe(end - start)
    bytes.copy(data, 0, start, end)
    return data
  }

  /** Whether the byte is what a plain chunk has at this place. */
  #readFraming(byte: number): boolean {
    switch (this.#place) {
      case 'size': {
        const digit = digitOf(byte)
        if (digit >= 0 && this.#digits < sizeDigitsMax) {
          this.#left = this.#left * 16 + digit
          this.#digits++
          return true
        }
        if (byte !== CR || this.#left === 0) return false
        this.#place = 'size-lf'
        return true
      }
      case 'size-lf':
        if (byte !== LF) return false
        this.#place = 'data'
        this.#digits = 0
        return true
      case 'data-cr':
        if (byte !== CR) return false
        this.#place = 'data-lf'
        return true
      case 'data-lf':
        if (byte !== LF) return false
        this.#place = 'size'
        return true
      case 'data':
        return false
    }
  }

  /** From the beginning of the size line, part of which may have come with an earlier read. */
  #handOver(bytes: Buffer, at: number, length: number): Buffer {
    if (this.#place === 'data-cr' || this.#place === 'data-lf') return noSize
    const digits = this.#digits === 0 ? '' : this.#left.toString(16).padStart(this.#digits, '0')
    const line = this.#place === 'size-lf' ? `${digits}\r` : digits
    return Buffer.concat([Buffer.from(line), bytes.subarray(at, length)])
  }
}

function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
