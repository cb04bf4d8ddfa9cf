// The body of an answer between the upstream, which may be early, and whoever takes it.
import type { GatewayError } from '@weir/contract'
import type { Exchange } from '../client/index.ts'
import type { AnswerBody, AnswerSink } from './types.ts'

/** Bytes that may wait until somebody takes them; then the upstream is held back. */
const waitingBytesMax = 65_536

/** Told once when nobody wants the rest of the answer. */
export interface AnswerOwner {
  answerAbandoned(): void
}

export class AnswerStream implements AnswerBody {
  readonly #exchange: Exchange
  readonly #owner: AnswerOwner
  #sink: AnswerSink | undefined = undefined
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Held back for want of a taker. */
  #isHeld = false
  /** Held back by the taker. */
  #isPaused = false
  #isComplete = false
  #breakage: GatewayError | undefined = undefined
  #isOver = false

  constructor(exchange: Exchange, owner: AnswerOwner) {
    this.#exchange = exchange
    this.#owner = owner
  }

  push(chunk: Buffer): void {
    if (this.#sink) {
      this.#sink.chunk(chunk)
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes <= waitingBytesMax || this.#isHeld) return
    this.#isHeld = true
    this.#exchange.pause()
  }

  /** The upstream has said everything, or broke off. */
  finish(breakage: GatewayError | undefined): void {
    this.#isComplete = true
    this.#breakage = breakage
    if (this.#sink) this.#end(this.#sink)
  }

  start(sink: AnswerSink): void {
    this.#sink = sink
    const chunks = this.#waiting
    this.#waiting = []
    for (const chunk of chunks) sink.chunk(chunk)
    if (this.#isComplete) this.#end(sink)
    else if (this.#isHeld && !this.#isPaused) this.#exchange.resume()
    this.#isHeld = false
  }

  pause(): void {
    this.#isPaused = true
    if (!this.#isComplete) this.#exchange.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#isComplete) this.#exchange.resume()
  }

  abort(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#waiting = []
    if (this.#isComplete) return
    this.#isComplete = true
    this.#exchange.abort()
    this.#owner.answerAbandoned()
  }

  #end(sink: AnswerSink): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#breakage) sink.fail(this.#breakage)
    else sink.end()
  }
}
