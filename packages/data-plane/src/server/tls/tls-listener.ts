// Listens for TLS connections: hears the name that a client asks for, and lets the certificate of that name shake hands.
import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { timerMsMax } from '@weir/contract'
import type { CertificateDocument } from '../../config/index.ts'
import { refuse } from '../client-error.ts'
import { readClientHello } from './client-hello.ts'
import { TlsEndpoints, type TlsSettings } from './tls-endpoints.ts'

export interface TlsListenerOptions extends TlsSettings {
  /** The certificate in force for a name; undefined stands for a client that says none. */
  certificateFor(serverName: string | undefined): CertificateDocument | undefined
  readonly connectionsMax: number
  readonly serverHeader: string
}

/** Longer than any client's first message; it holds keys and extensions, no data. */
const HELLO_BYTES_MAX = 65_536

/** A fatal alert `unrecognized_name` (RFC 6066 §3), as nginx sends it where it rejects a handshake. */
const nobodyOfThatName = Buffer.from([21, 3, 1, 0, 2, 2, 112])

export class TlsListener {
  readonly #options: TlsListenerOptions
  readonly #endpoints: TlsEndpoints
  /** Connections that have not shaken hands yet. */
  readonly #pending = new Set<Socket>()

  /** @throws Error when the settings name ciphers that nobody knows. */
  constructor(options: TlsListenerOptions, takeOver: (socket: TLSSocket) => void) {
    this.#options = options
    this.#endpoints = new TlsEndpoints(options, takeOver)
  }

  createServer(): Server {
    const server = createServer({ noDelay: true }, (socket) => this.#hear(socket))
    server.maxConnections = this.#options.connectionsMax
    return server
  }

  /** Ends what has not shaken hands. */
  cut(): void {
    for (const socket of this.#pending) socket.destroy()
  }

  #hear(socket: Socket): void {
    const { handshakeMs } = this.#options
    const chunks: Buffer[] = []
    let length = 0
    const timer = setTimeout(() => socket.destroy(), Math.min(handshakeMs, timerMsMax))
    this.#pending.add(socket)
    const done = () => {
      clearTimeout(timer)
      this.#pending.delete(socket)
    }
    socket.once('close', done)
    socket.on('error', ignore)
    const onReadable = () => {
      for (let chunk = read(socket); chunk; chunk = read(socket)) {
        chunks.push(chunk)
        length += chunk.length
      }
      const bytes = Buffer.concat(chunks, length)
      const hello = readClientHello(bytes)
      if (hello === 'incomplete' && length < HELLO_BYTES_MAX) return
      socket.off('readable', onReadable)
      socket.off('close', done)
      done()
      if (typeof hello === 'string') refuse(socket, 400, this.#options.serverHeader)
      else this.#answer(socket, hello.serverName, bytes)
    }
    socket.on('readable', onReadable)
  }

  #answer(socket: Socket, serverName: string | undefined, bytes: Buffer): void {
    const document = this.#options.certificateFor(serverName)
    if (!document || document.value.pairs.length === 0) {
      socket.end(nobodyOfThatName)
      socket.destroySoon()
      return
    }
    socket.unshift(bytes)
    this.#endpoints.accept(document, socket)
  }
}

function read(socket: Socket): Buffer | undefined {
  const chunk: unknown = socket.read()
  return Buffer.isBuffer(chunk) ? chunk : undefined
}

/** `close` follows. */
function ignore(): void {}
