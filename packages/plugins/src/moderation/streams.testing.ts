// Streamed answers for the tests of moderation plugins.
import type { ByteSink, ByteStream, GatewayResponse } from '@weir/plugin-api'

/** An event of a chat. */
export const chunk = (content: string) =>
  `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`
export const usage =
  'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\n'
export const done = 'data: [DONE]\n\n'

/** A stream whose pieces are a chunk each. */
class Pieces implements ByteStream {
  readonly #pieces: readonly (string | Buffer)[]
  #sink: ByteSink | undefined
  #next = 0
  #flows = false

  constructor(pieces: readonly (string | Buffer)[]) {
    this.#pieces = pieces
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    this.resume()
  }

  pause(): void {
    this.#flows = false
  }

  resume(): void {
    this.#flows = true
    while (this.#flows && this.#sink && this.#next <= this.#pieces.length) {
      const piece = this.#pieces[this.#next++]
      if (piece === undefined) this.#sink.end()
      else this.#sink.chunk(Buffer.from(piece))
    }
  }

  abort(): void {
    this.#sink = undefined
  }
}

/** A stream that brings what its `upstream` is given, when it is given. */
export function stallingStream(): {
  readonly response: GatewayResponse
  readonly upstream: Promise<ByteSink>
} {
  const { promise: upstream, resolve: start } = Promise.withResolvers<ByteSink>()
  const body = { start, pause: () => {}, resume: () => {}, abort: () => {} }
  return { response: { ...streamOf([]), body }, upstream }
}

export function streamOf(
  pieces: readonly (string | Buffer)[],
  contentType = 'text/event-stream',
): GatewayResponse {
  const headers = ['Content-Type', contentType]
  return { status: 200, headers, source: 'upstream', body: new Pieces(pieces) }
}
