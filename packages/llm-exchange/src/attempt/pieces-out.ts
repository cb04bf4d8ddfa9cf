// Sends what lies in pieces: one huge write, and the copy that it takes, would hold up everybody else.
import { Readable } from 'node:stream'
import { totalBytes } from '@weir/llm'
import type { ByteSink, ByteStream } from '@weir/plugin-api'

/** An answer up to this size is joined and written at once, which is cheaper. */
export const joinedBytesMax = 262_144
/** Bytes handed on in one turn of the event loop, or one piece if that has more. */
const turnBytesMax = 262_144

/** One buffer, copied only where there are several. */
export function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces
  return first && pieces.length === 1 ? first : Buffer.concat(pieces)
}

/** The body of a request, announced in its headers with its length. Each attempt has its own, of the same pieces. */
export function readPieces(pieces: readonly Buffer[], headers: string[]): Readable {
  headers.push('content-length', String(totalBytes(pieces)))
  let next = 0
  let turnBytes = 0
  return new Readable({
    read() {
      const piece = pieces[next++] ?? null
      turnBytes += piece?.length ?? 0
      if (turnBytes <= turnBytesMax) this.push(piece)
      else {
        setImmediate(() => {
          turnBytes = piece?.length ?? 0
          if (!this.destroyed) this.push(piece)
        })
      }
    },
  })
}

/** The body of a response, announced in its headers with its length. */
export function streamPieces(pieces: readonly Buffer[], headers: string[]): ByteStream {
  headers.push('Content-Length', String(totalBytes(pieces)))
  return new PieceStream(pieces)
}

class PieceStream implements ByteStream {
  readonly #pieces: readonly Buffer[]
  #next = 0
  #sink: ByteSink | undefined = undefined
  #isPaused = false
  #isWaiting = false

  constructor(pieces: readonly Buffer[]) {
    this.#pieces = pieces
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    this.#pass()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#wait()
  }

  abort(): void {
    this.#sink = undefined
  }

  /** One turn's worth. */
  #pass(): void {
    let bytes = 0
    while (this.#sink && !this.#isPaused && bytes < turnBytesMax) {
      const piece = this.#pieces[this.#next++]
      if (!piece) {
        const sink = this.#sink
        this.#sink = undefined
        sink.end()
        return
      }
      bytes += piece.length
      this.#sink.chunk(piece)
    }
    if (!this.#isPaused) this.#wait()
  }

  #wait(): void {
    if (this.#isWaiting || !this.#sink) return
    this.#isWaiting = true
    setImmediate(() => {
      this.#isWaiting = false
      this.#pass()
    })
  }
}
