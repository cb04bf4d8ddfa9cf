// Lets several parties hold one stream back: it flows while nobody holds it.
import type { ByteStream } from '@weir/plugin-api'

export class Gate {
  readonly #stream: ByteStream
  #holders = 0

  constructor(stream: ByteStream) {
    this.#stream = stream
  }

  hold(): void {
    if (this.#holders++ === 0) this.#stream.pause()
  }

  release(): void {
    if (--this.#holders === 0) this.#stream.resume()
  }

  abort(reason: Error): void {
    this.#stream.abort(reason)
  }
}
