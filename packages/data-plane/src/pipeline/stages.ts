// Pushes a streamed body through the stages of a route, in order, holding it back while a stage waits.
import { GatewayError } from '@weir/contract'
import { type SseEvent, SseSplitter } from '@weir/llm'
import type { ByteSink, Stage, StageOutput } from '@weir/plugin-api'
import type { Gate } from './gate.ts'

/** The sink that feeds the first stage; the last one feeds `sink`. Without stages it is `sink` itself. */
export function throughStages(stages: readonly Stage[], gate: Gate, sink: ByteSink): ByteSink {
  return stages.reduceRight((next, stage) => new StageSink(stage, gate, next), sink)
}

type Item = Buffer | SseEvent | GatewayError | 'end'

/**
 * One stage. What arrives while it waits for a promise is queued; the source is held meanwhile, so the queue is
 * never longer than what one read of the upstream's socket had already brought.
 */
class StageSink implements ByteSink, StageOutput {
  readonly #stage: Stage
  readonly #gate: Gate
  readonly #next: ByteSink
  readonly #splitter: SseSplitter | undefined
  #queue: Item[] = []
  #waiting = false
  #closed = false

  constructor(stage: Stage, gate: Gate, next: ByteSink) {
    this.#stage = stage
    this.#gate = gate
    this.#next = next
    if (stage.onEvent) this.#splitter = new SseSplitter()
  }

  chunk(bytes: Buffer): void {
    if (!this.#splitter) this.#offer(bytes)
    else for (const event of this.#splitter.push(bytes)) this.#offer(event)
  }

  end(): void {
    this.#offer('end')
  }

  fail(error: GatewayError): void {
    this.#offer(error)
  }

  push(bytes: Buffer | string): void {
    if (!this.#closed) this.#next.chunk(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
  }

  finish(): void {
    if (this.#closed) return
    this.#closed = true
    this.#queue = []
    this.#gate.abort(new GatewayError('stream_finished', 'a stage ended the stream'))
    this.#next.end()
  }

  #offer(item: Item): void {
    if (this.#closed) return
    if (this.#waiting) this.#queue.push(item)
    else this.#take(item)
  }

  #take(item: Item): void {
    let pending: void | Promise<void>
    try {
      pending = this.#run(item)
    } catch (cause) {
      this.#break(cause)
      return
    }
    if (!pending) {
      this.#passEnd(item)
      return
    }
    this.#waiting = true
    this.#gate.hold()
    void this.#resumeAfter(pending, item)
  }

  async #resumeAfter(pending: Promise<void>, item: Item): Promise<void> {
    try {
      await pending
      this.#passEnd(item)
      this.#resume()
    } catch (cause) {
      this.#break(cause)
    }
  }

  #run(item: Item): void | Promise<void> {
    if (item instanceof GatewayError) return this.#stage.onFail?.(this)
    if (item === 'end') return this.#stage.onEnd?.(this)
    if (!Buffer.isBuffer(item)) return this.#stage.onEvent?.(item, this)
    if (this.#stage.onChunk) return this.#stage.onChunk(item, this)
    this.#next.chunk(item)
  }

  #passEnd(item: Item): void {
    if (this.#closed) return
    if (item === 'end') {
      this.#closed = true
      this.#next.end()
    } else if (item instanceof GatewayError) {
      this.#closed = true
      this.#next.fail(item)
    }
  }

  #resume(): void {
    this.#waiting = false
    while (!this.#waiting && !this.#closed) {
      const item = this.#queue.shift()
      if (item === undefined) break
      this.#take(item)
    }
    this.#gate.release()
  }

  /** A stage that fails ends the stream visibly: a broken check must not let bytes pass unchecked. */
  #break(cause: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#queue = []
    const error = new GatewayError('stage_failed', 'a plugin failed on the stream', { cause })
    this.#gate.abort(error)
    this.#next.fail(error)
  }
}
