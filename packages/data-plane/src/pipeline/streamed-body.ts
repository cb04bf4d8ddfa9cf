// The body of a streamed response. node:http sends the head and the last chunk; what is between is framed here.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const CR = 13
const LF = 10

/**
 * node:http writes every chunk as four pieces and with a tick of its own, which costs more than all else that is done
 * with an event. Here size line, data and line end are one buffer and one write (RFC 9112 §7.1).
 */
export class StreamedBody {
  /** Bytes of data so far. */
  bytes = 0
  readonly #reply: ServerResponse
  /** The connection, when chunks are framed here; else node:http writes: while it must not frame, or not yet write. */
  readonly #socket: Socket | undefined
  #hasBegun = false

  /** The head must have been given to `writeHead`, and is sent with the first write. */
  constructor(reply: ServerResponse) {
    this.#reply = reply
    const { socket } = reply
    if (reply.chunkedEncoding && socket?.writable) this.#socket = socket
  }

  /** Whether the connection takes more at once. */
  write(chunks: readonly Buffer[]): boolean {
    let length = 0
    for (const chunk of chunks) length += chunk.length
    this.bytes += length
    if (!this.#hasBegun) return this.#begin(chunks, length)
    // A chunk without data would be the last one.
    return length === 0 || this.#send(chunks, length)
  }

  onceDrained(then: () => void): void {
    if (this.#socket) this.#socket.once('drain', then)
    else this.#reply.once('drain', then)
  }

  /** Sends the rest and the end of the body, together. */
  end(chunks: readonly Buffer[]): void {
    this.#socket?.cork()
    this.write(chunks)
    // This takes every cork out.
    this.#reply.end()
  }

  #begin(chunks: readonly Buffer[], length: number): boolean {
    this.#hasBegun = true
    this.#socket?.cork()
    if (this.#socket || length === 0) this.#reply.flushHeaders()
    const takesMore = length === 0 || this.#send(chunks, length)
    this.#socket?.uncork()
    return takesMore
  }

  #send(chunks: readonly Buffer[], length: number): boolean {
    if (this.#socket) return this.#socket.write(framed(chunks, length))
    const [only] = chunks
    return this.#reply.write(chunks.length === 1 ? only : Buffer.concat(chunks, length))
  }
}

function framed(chunks: readonly Buffer[], length: number): Buffer {
  let digits = 1
  for (let rest = length >>> 4; rest > 0; rest >>>= 4) digits++
  const bytes = Buffer.allocUnsafe(digits + 2 + length + 2)
  for (let at = digits - 1, rest = length; at >= 0; at--, rest >>>= 4) bytes[at] = hexDigit(rest & 15)
  let at = digits
  bytes[at++] = CR
  bytes[at++] = LF
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  bytes[at++] = CR
  bytes[at] = LF
  return bytes
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value
}
