// Takes the body of a chunked answer off the connection before undici, which sees only its head and its last chunk.
// undici's way of a chunk, through a stream, two ticks and WebAssembly, costs several times what decoding it costs.
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { ChunkDecoder } from './chunk-decoder.ts'
import { type Connect, readBuffer } from './connect.ts'
import { headEndIn, saysChunked } from './head-bytes.ts'

export interface BodyReader {
  /** The data that one read of the connection brought. */
  onBody(bytes: Buffer): void
}

const noBytes = Buffer.alloc(0)

/**
 * Between undici's client and its connection.
 *
 *   passing -> awaiting the head -> holding what follows it -> decoding -> passing
 *
 * Whoever sends a request says so first, and when undici has read the head, whether the body is to be decoded.
 */
export class BodyTap {
  readonly #open: Connect
  #socket: Socket | undefined = undefined
  #reader: BodyReader | undefined = undefined
  #state: 'passing' | 'awaiting' | 'holding' | 'decoding' = 'passing'
  #decoder = new ChunkDecoder()
  /** What was read and waits: for undici to read the head, or while paused. */
  #held: Buffer = noBytes
  #isPaused = false

  constructor(open: Connect) {
    this.#open = open
  }

  /** undici's connector for this connection. */
  readonly connect: buildConnector.connector = (target, callback) => {
    this.#open(target, this.#read, (...outcome) => {
      this.#socket = outcome[1] ?? undefined
      callback(...outcome)
    })
  }

  get isDecoding(): boolean {
    return this.#state === 'decoding'
  }

  /** Whether everything that was written has been taken. */
  get hasWritten(): boolean {
    return this.#socket?.writableLength === 0
  }

  /** A request is about to be sent. */
  expect(reader: BodyReader): void {
    this.#reader = reader
    this.#state = 'awaiting'
    this.#held = noBytes
    this.#isPaused = false
  }

  /** undici has read the head: what follows is in plain chunked transfer coding, and goes to the reader. */
  decode(): void {
    if (this.#state !== 'holding') return
    this.#state = 'decoding'
    this.#decoder = new ChunkDecoder()
    this.#continue()
  }

  /** undici has read the head, and reads what follows too. */
  pass(): void {
    const held = this.#held
    const wasHolding = this.#state === 'holding'
    this.#state = 'passing'
    this.#held = noBytes
    if (!wasHolding) return
    if (held.length > 0) this.#socket?.push(held)
    this.#readOn()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#state === 'decoding') this.#continue()
  }

  /** Gives the reader what came before the connection was lost. */
  drain(): void {
    this.#isPaused = false
    if (this.#state === 'decoding') this.#decodeHeld()
  }

  readonly #read = (socket: Socket, length: number): boolean => {
    if (this.#state === 'passing' || socket !== this.#socket) return socket.push(copyOfRead(0, length))
    if (this.#state === 'awaiting') return this.#readHead(socket, length)
    if (this.#state === 'decoding' && !this.#isPaused) {
      this.#decodeFrom(readBuffer, length)
      return !this.#isPaused
    }
    const bytes = copyOfRead(0, length)
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    return false
  }

  #readHead(socket: Socket, length: number): boolean {
    const end = headEndIn(readBuffer, length)
    // A head in several reads is rare: undici reads it all, like one that is not followed by chunks.
    if (end < 0 || !saysChunked(readBuffer, end)) {
      this.#state = 'passing'
      return socket.push(copyOfRead(0, length))
    }
    this.#state = 'holding'
    if (end < length) this.#held = copyOfRead(end, length)
    return socket.push(copyOfRead(0, end))
  }

  #continue(): void {
    this.#decodeHeld()
    if (!this.#isPaused) this.#readOn()
  }

  #decodeHeld(): void {
    const held = this.#held
    if (held.length === 0 || this.#isPaused) return
    this.#held = noBytes
    this.#decodeFrom(held, held.length)
  }

  #decodeFrom(bytes: Buffer, length: number): void {
    const data = this.#decoder.decode(bytes, length)
    const { rest } = this.#decoder
    if (rest) this.#state = 'passing'
    if (data) this.#tell(data)
    if (rest && this.#socket?.destroyed === false) this.#socket.push(rest)
  }

  /** As with undici, a reader that fails loses its connection, and hears of it. */
  #tell(data: Buffer): void {
    try {
      this.#reader?.onBody(data)
    } catch (cause) {
      this.#socket?.destroy(cause instanceof Error ? cause : new Error('the reader failed', { cause }))
    }
  }

  /** Starts reading again where `#read` has stopped it. */
  #readOn(): void {
    if (this.#socket?.destroyed === false) this.#socket.read(0)
  }
}

function copyOfRead(start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start)
  readBuffer.copy(bytes, 0, start, end)
  return bytes
}
