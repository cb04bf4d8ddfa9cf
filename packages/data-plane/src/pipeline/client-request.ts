// The client's request over node:http's IncomingMessage: what is rarely needed is worked out when asked for.
import type { IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { GatewayError } from '@weir/contract'
import type { ClientRequest, PieceReader } from '@weir/plugin-api'
import { giveMemoryBack } from './give-memory-back.ts'
import { type RealAddress, realAddress, type RealIp } from './real-ip.ts'
import { PieceJoiner, pieceBytesMax } from './piece-joiner.ts'

/** How much of a long body is read in one turn of the event loop, of the megabytes that a socket may hold. */
const turnBytesMax = 196_608

/** The client closed the connection before its request was complete. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

export class IncomingRequest implements ClientRequest {
  readonly message: IncomingMessage
  readonly method: string
  readonly target: string
  readonly query: string
  readonly path: string
  /** Bytes of the body that have arrived. */
  bodyBytes = 0
  /** The longest body that is taken from any client, in bytes; 0 for any. */
  readonly bodyBytesMax: number
  #giveUp: ((reason: Error) => void) | undefined = undefined
  readonly #real: RealAddress | undefined
  #host: string | undefined
  #query: URLSearchParams | undefined
  #body: Buffer | undefined
  #reading: Promise<Buffer | number> | undefined
  /** The body as it was read in pieces; not to be used before all of it is there. */
  #pieces: readonly Buffer[] | undefined
  #readingPieces: Promise<number> | undefined
  #lent: readonly Buffer[] = []

  /** `normalize` turns the raw path into the text that routes are matched with (routing.md §2.1). */
  constructor(
    message: IncomingMessage,
    normalize: (path: string) => string,
    bodyBytesMax = 0,
    realIp?: RealIp,
  ) {
    this.message = message
    this.bodyBytesMax = bodyBytesMax
    this.method = message.method ?? 'GET'
    const target = message.url ?? '/'
    const mark = target.indexOf('?')
    this.target = target
    this.query = mark < 0 ? '' : target.slice(mark + 1)
    this.path = normalize(mark < 0 ? target : target.slice(0, mark))
    const told = realIp && this.header(realIp.header)
    this.#real = told ? realAddress(this.peerAddress, told, realIp) : undefined
  }

  get headers(): Record<string, string | string[] | undefined> {
    return this.message.headers
  }

  get scheme(): 'http' | 'https' {
    return this.message.socket instanceof TLSSocket ? 'https' : 'http'
  }

  get host(): string {
    return (this.#host ??= hostWithoutPort(this.message.headers.host ?? ''))
  }

  get peerAddress(): string {
    const address = this.message.socket.remoteAddress ?? ''
    return address.startsWith('::ffff:') ? address.slice(7) : address
  }

  get remoteAddress(): string {
    return this.#real?.address ?? this.peerAddress
  }

  get remotePort(): number {
    return this.#real ? this.#real.port : (this.message.socket.remotePort ?? 0)
  }

  get localPort(): number {
    return this.message.socket.localPort ?? 0
  }

  header(name: string): string | undefined {
    const value = this.message.headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  queryArgument(name: string): string | undefined {
    if (this.query === '') return undefined
    this.#query ??= new URLSearchParams(this.query)
    return this.#query.get(name) ?? undefined
  }

  get body(): Buffer | undefined {
    if (this.#pieces) {
      this.#body = Buffer.concat(this.#pieces)
      this.#pieces = undefined
    }
    return this.#body
  }

  readBody(maxBytes: number): Buffer | number | Promise<Buffer | number> {
    const { body } = this
    if (body) return body.length > maxBytes ? body.length : body
    const announced = Number(this.message.headers['content-length'])
    if (announced > maxBytes) return announced
    if (this.#readingPieces) return this.#readingPieces.then((size) => this.body ?? size)
    return (this.#reading ??= this.#read(maxBytes))
  }

  async readPieces(maxBytes: number, reader: PieceReader): Promise<number> {
    if (!this.body && !this.#reading && !this.#readingPieces) {
      const announced = Number(this.message.headers['content-length'])
      if (announced > maxBytes) return announced
      return (this.#readingPieces = this.#readPieces(maxBytes, reader))
    }
    const size = await (this.#readingPieces ?? this.#reading)
    const pieces = this.#pieces ?? (this.body ? [this.body] : undefined)
    return pieces ? showPieces(pieces, maxBytes, reader) : Number(size)
  }

  replaceBody(body: Buffer | readonly Buffer[]): void {
    const pieces = Buffer.isBuffer(body) ? undefined : body
    this.#pieces = pieces
    this.#body = Buffer.isBuffer(body) ? body : undefined
    this.#reading = undefined
    const size = sizeOf(pieces ?? [this.#body ?? noBytes])
    this.#readingPieces = Promise.resolve(size)
    this.message.headers['content-length'] = String(size)
    delete this.message.headers['transfer-encoding']
  }

  #read(maxBytes: number): Promise<Buffer | number> {
    const { message } = this
    return new Promise((resolve, reject) => {
      let first: Buffer | undefined
      let rest: Buffer[] | undefined
      message.on('data', (chunk: Buffer) => {
        this.bodyBytes += chunk.length
        if (this.bodyBytes > maxBytes) {
          // Nobody reads on: the reply says so and closes the connection.
          message.pause()
          resolve(this.bodyBytes)
        } else if (this.#isTooLarge()) {
          message.pause()
          reject(this.#tooLarge())
        } else if (!first) first = chunk
        else if (rest) rest.push(chunk)
        else rest = [first, chunk]
      })
      message.on('end', () => {
        this.#body = rest ? Buffer.concat(rest) : (first ?? Buffer.alloc(0))
        resolve(this.#body)
      })
      this.#giveUp = reject
    })
  }

  /** A body without a length is found too large only while it is read. */
  #isTooLarge(): boolean {
    return this.bodyBytesMax > 0 && this.bodyBytes > this.bodyBytesMax
  }

  #tooLarge(): GatewayError {
    return new GatewayError('body_too_large', `the body is larger than ${this.bodyBytesMax} bytes`)
  }

  /** The client left: whoever waits for the body is told. */
  leave(): void {
    if (!this.message.complete) {
      this.#giveUp?.(new ClientGoneError('the client left while sending its request'))
    }
  }

  /** Nobody reads or sends the pieces of the body any more. */
  giveMemoryBack(): void {
    this.#pieces = undefined
    giveMemoryBack(this.#lent)
  }

  #readPieces(maxBytes: number, reader: PieceReader): Promise<number> {
    const { message } = this
    const joiner = new PieceJoiner(reader)
    let breakAt = turnBytesMax
    const goOn = () => {
      if (this.bodyBytes <= maxBytes && !this.#isTooLarge()) message.resume()
    }
    return new Promise((resolve, reject) => {
      message.on('data', (chunk: Buffer) => {
        this.bodyBytes += chunk.length
        if (this.bodyBytes > maxBytes) {
          message.pause()
          resolve(this.bodyBytes)
          return
        }
        if (this.#isTooLarge()) {
          message.pause()
          reject(this.#tooLarge())
          return
        }
        joiner.push(chunk)
        if (this.bodyBytes < breakAt) return
        breakAt = this.bodyBytes + turnBytesMax
        message.pause()
        setImmediate(goOn)
      })
      message.on('end', () => {
        joiner.flush()
        this.#pieces = joiner.pieces
        this.#lent = joiner.pieces
        resolve(this.bodyBytes)
      })
      this.#giveUp = reject
    })
  }
}

/** Whether node:http has handed the connection over, so that it can become another one. */
export function isUpgrade({ message }: IncomingRequest): boolean {
  return 'upgrade' in message && message.upgrade === true
}

const noBytes = Buffer.alloc(0)

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** What is there already, not all in one turn. Resolves with its size. */
async function showPieces(pieces: readonly Buffer[], maxBytes: number, reader: PieceReader): Promise<number> {
  const size = sizeOf(pieces)
  if (size > maxBytes) return size
  let turnBytes = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += pieceBytesMax) {
      const part = piece.subarray(at, at + pieceBytesMax)
      reader.push(part)
      turnBytes += part.length
      if (turnBytes < turnBytesMax) continue
      turnBytes = 0
      await nextTurn()
    }
  }
  return size
}

function hostWithoutPort(host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':')
  const name = end > 0 ? host.slice(0, end) : host
  // As in nginx: the dot that may end a name is no part of it.
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}
