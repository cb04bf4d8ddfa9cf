// One client and the MCP server that was started for it: what the server prints is the client's stream of events.
import { randomUUID } from 'node:crypto'
import type { ByteSink, ByteStream } from '@weir/plugin-api'
import { LineSplitter } from './lines.ts'
import type { ServerProcess } from './server-process.ts'

/** Of one message from the server. */
export const lineBytesMax = 4 * 1024 * 1024
/** Of one line of its errors; a longer one is cut. */
const errorBytesMax = 64 * 1024
/** Of messages that the server has not taken yet. */
const queueBytesMax = 4 * 1024 * 1024
const pingEveryMs = 30_000

export class Session implements ByteStream {
  readonly id = randomUUID()
  readonly #server: ServerProcess
  readonly #endpoint: string
  readonly #onEnd: () => void
  readonly #lines = new LineSplitter(lineBytesMax)
  readonly #errors = new LineSplitter(errorBytesMax)
  #sink: ByteSink | undefined
  #pings = 0
  #timer: NodeJS.Timeout | undefined
  #isPaused = false
  #hasEnded = false

  /** `baseUri` is where the client finds the messages' endpoint. */
  constructor(server: ServerProcess, baseUri: string, onEnd: (session: Session) => void) {
    this.#server = server
    this.#endpoint = `${baseUri}/message?sessionId=${this.id}`
    this.#onEnd = () => onEnd(this)
  }

  start(sink: ByteSink): void {
    if (this.#hasEnded) {
      sink.end()
      return
    }
    this.#sink = sink
    sink.chunk(encode('endpoint', [this.#endpoint]))
    this.#ping()
    this.#timer = setInterval(() => this.#ping(), pingEveryMs)
    this.#server.output.on('data', (piece: Buffer) => this.#hear(piece))
    this.#server.errors.on('data', (piece: Buffer) => this.#hearErrors(piece))
    this.#server.onceClosed(() => this.end())
  }

  pause(): void {
    this.#isPaused = true
    this.#server.output.pause()
    this.#server.errors.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#server.output.resume()
    this.#server.errors.resume()
  }

  abort(): void {
    this.#sink = undefined
    this.end()
  }

  /** Gives the server a message; false when too many wait already, or it is gone. */
  send(message: string): boolean {
    if (this.#hasEnded || this.#server.unreadBytes + message.length > queueBytesMax) return false
    return this.#server.write(`${message}\n`)
  }

  /** Ends the stream and the server. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearInterval(this.#timer)
    this.#server.stop()
    this.#onEnd()
    this.#sink?.end()
  }

  #hear(piece: Buffer): void {
    const lines = this.#lines.push(piece)
    if (lines) this.#tell(lines)
    else {
      this.#tell([stderrNotice(`a message of the server is longer than ${lineBytesMax} bytes`)])
      this.end()
    }
  }

  #hearErrors(piece: Buffer): void {
    const lines = this.#errors.push(piece) ?? [this.#errors.take()]
    this.#tell(lines.map(stderrNotice))
  }

  #ping(): void {
    // A client that takes nothing needs no more of them.
    if (!this.#isPaused) this.#tell([`{"jsonrpc": "2.0","method": "ping","id":"ping:${++this.#pings}"}`])
  }

  #tell(messages: readonly string[]): void {
    if (messages.length > 0) this.#sink?.chunk(encode('message', messages))
  }
}

function encode(event: string, messages: readonly string[]): Buffer {
  return Buffer.from(messages.map((data) => `event: ${event}\ndata: ${data}\n\n`).join(''))
}

function stderrNotice(content: string): string {
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/stderr', params: { content } })
}
