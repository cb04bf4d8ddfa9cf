// Takes a response to its end the way a client would receive it.
import { SseSplitter } from '@weir/llm'
import type { ByteStream, GatewayResponse, Reply, ResponseSource } from '../response.ts'
import type { Stage, StageOutput } from '../stage.ts'

export interface Delivered {
  readonly status: number
  readonly source: ResponseSource
  header(name: string): string | undefined
  readonly text: string
  /** The body in the pieces in which it was pushed. */
  readonly chunks: readonly Buffer[]
  /** `broken`: the stream failed, so the client's connection is broken off. `gone`: the client left first. */
  readonly ended: 'complete' | 'broken' | 'gone'
  /** Why it is broken. */
  readonly error: Error | undefined
}

/** A plugin's own answer as the gateway sends it: objects as JSON and a newline, anything else as it is. */
export function toResponse(reply: Reply): GatewayResponse {
  const { status, body, headers = {} } = reply
  const flat = Object.entries(headers).flat()
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) {
    flat.push('Content-Type', 'text/plain; charset=utf-8')
  }
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body)
  return { status, headers: flat, source: 'apisix', body: isJson ? `${JSON.stringify(body)}\n` : body }
}

/** Collects the body, through one plugin's stage if it has one. `onChunk` sees each piece as the client would. */
export async function deliver(
  response: GatewayResponse,
  stage?: Stage,
  onChunk?: (bytes: Buffer) => void,
): Promise<Delivered> {
  const collector = new Collector(onChunk)
  if (response.body === undefined) collector.finish()
  else if (typeof response.body === 'string') collector.whole(Buffer.from(response.body))
  else if (Buffer.isBuffer(response.body)) collector.whole(response.body)
  else if (stage) throughStage(response.body, stage, collector)
  else response.body.start(collector)
  await collector.done
  const { headers } = response
  return {
    status: response.status,
    source: response.source,
    header(name) {
      const at = headers.findIndex((entry, i) => i % 2 === 0 && entry.toLowerCase() === name.toLowerCase())
      return at < 0 ? undefined : headers[at + 1]
    },
    text: Buffer.concat(collector.chunks).toString(),
    chunks: collector.chunks,
    ended: collector.error ? 'broken' : 'complete',
    error: collector.error,
  }
}

class Collector {
  readonly chunks: Buffer[] = []
  readonly done: Promise<void>
  readonly #onChunk: ((bytes: Buffer) => void) | undefined
  readonly #resolve: () => void
  error: Error | undefined

  constructor(onChunk: ((bytes: Buffer) => void) | undefined) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.done = promise
    this.#resolve = resolve
    this.#onChunk = onChunk
  }

  chunk(bytes: Buffer): void {
    this.chunks.push(bytes)
    this.#onChunk?.(bytes)
  }

  whole(bytes: Buffer): void {
    if (bytes.length > 0) this.chunk(bytes)
    this.#resolve()
  }

  end(): void {
    this.#resolve()
  }

  finish(): void {
    this.#resolve()
  }

  fail(error: Error): void {
    this.error = error
    this.#resolve()
  }
}

/** Hands chunks or events to the stage one at a time, holding the stream while the stage thinks. */
function throughStage(body: ByteStream, stage: Stage, collector: Collector): void {
  const splitter = stage.onEvent ? new SseSplitter() : undefined
  const waiting: (() => void | Promise<void>)[] = []
  const state = { busy: false, finished: false }
  const out: StageOutput = {
    push(bytes) {
      if (!state.finished) collector.chunk(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
    },
    finish() {
      state.finished = true
      body.abort(new Error('a stage ended the response'))
      collector.end()
    },
  }

  function run(): void {
    while (!state.busy && !state.finished && waiting.length > 0) {
      const held = waiting.shift()?.()
      if (!held) continue
      void hold(held)
    }
  }

  async function hold(held: Promise<void>): Promise<void> {
    state.busy = true
    body.pause()
    try {
      await held
    } catch (error) {
      collector.fail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    state.busy = false
    body.resume()
    run()
  }

  body.start({
    chunk(bytes) {
      if (splitter) {
        for (const event of splitter.push(bytes)) waiting.push(() => stage.onEvent?.(event, out))
      } else {
        waiting.push(() => (stage.onChunk ? stage.onChunk(bytes, out) : out.push(bytes)))
      }
      run()
    },
    end() {
      waiting.push(() => stage.onEnd?.(out))
      waiting.push(() => collector.end())
      run()
    },
    fail(error) {
      waiting.push(() => stage.onFail?.(out))
      waiting.push(() => collector.fail(error))
      run()
    },
  })
}
