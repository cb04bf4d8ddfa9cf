// Certificates ready for handshakes: one TLS server for each document, which listens nowhere and takes connections
// that others have accepted. It is made once, when somebody first asks for its name.
import { constants, createHash, hkdfSync } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, createServer, type Server, type TlsOptions, type TLSSocket } from 'node:tls'
import type { CertificateDocument } from '../../config/index.ts'
import { isChainWithin } from './chain-depth.ts'
import { toVersions } from './versions.ts'

export interface TlsSettings {
  /** Versions, separated by blanks. */
  readonly protocols: string
  /** As OpenSSL writes them; undefined for Node's own. */
  readonly ciphers: string | undefined
  /** What session tickets are made with, the same in all threads; undefined for no tickets. */
  readonly ticketSeed: Uint8Array | undefined
  /** Milliseconds for a whole handshake. */
  readonly handshakeMs: number
}

/** Documents whose keys stand ready in memory, some 100 KB each; beyond it the longest unused is made anew. */
const ENDPOINTS_MAX = 2048
const TICKET_KEY_BYTES = 48

function checkCiphers(ciphers: string): void {
  try {
    createSecureContext({ ciphers, ca: [] })
  } catch (error) {
    throw new Error('apisix.ssl.ssl_ciphers names no cipher that is known', { cause: error })
  }
}

export class TlsEndpoints {
  readonly #settings: TlsSettings
  readonly #takeOver: (socket: TLSSocket) => void
  /** A Map keeps the order of insertion, so re-inserting on use makes its first entry the longest unused. */
  readonly #servers = new Map<CertificateDocument, Server>()

  /**
   * `takeOver` is given every connection whose handshake is done.
   * @throws Error when the settings name ciphers that nobody knows.
   */
  constructor(settings: TlsSettings, takeOver: (socket: TLSSocket) => void) {
    this.#settings = settings
    this.#takeOver = takeOver
    if (settings.ciphers !== undefined) checkCiphers(settings.ciphers)
  }

  /** Begins the handshake; what the client said so far must have been put back. */
  accept(document: CertificateDocument, socket: Socket): void {
    const server = this.#servers.get(document) ?? this.#open(document)
    this.#servers.delete(document)
    this.#servers.set(document, server)
    if (this.#servers.size > ENDPOINTS_MAX) this.#dropOldest()
    server.emit('connection', socket)
  }

  /** A new version of a document is another object: those who have shaken hands with the old one stay. */
  #open(document: CertificateDocument): Server {
    for (const known of this.#servers.keys()) if (known.id === document.id) this.#servers.delete(known)
    const { client } = document.value
    const server = createServer(this.#optionsOf(document))
    server.on('secureConnection', (socket) => {
      if (client && socket.authorized && !isChainWithin(socket, client.depth)) {
        socket.authorized = false
        if (client.skips.length === 0) {
          socket.destroy()
          return
        }
      }
      this.#takeOver(socket)
    })
    // A handshake that fails is the client's affair; the connection is closed.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return server
  }

  #optionsOf({ resourceKey, value }: CertificateDocument): TlsOptions {
    const { protocols, ciphers, ticketSeed, handshakeMs } = this.#settings
    const { pairs, client } = value
    const versions = toVersions(value.protocols ?? protocols.split(/\s+/))
    // A ticket would speak for a chain of certificates that is no longer there to be looked at.
    const seed = client ? undefined : ticketSeed
    return {
      cert: pairs.map(({ cert }) => cert),
      key: pairs.map(({ key }) => key),
      // An empty list rather than none, which would load all the authorities that Node knows.
      ca: client ? client.ca : [],
      ...versions.range,
      secureOptions: versions.options | (seed ? 0 : constants.SSL_OP_NO_TICKET),
      ...(ciphers !== undefined && { ciphers }),
      ...(seed && { ticketKeys: Buffer.from(hkdfSync('sha256', seed, '', resourceKey, TICKET_KEY_BYTES)) }),
      sessionIdContext: createHash('sha256').update(resourceKey).digest('hex').slice(0, 32),
      honorCipherOrder: true,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: handshakeMs,
      requestCert: client !== undefined,
      rejectUnauthorized: client !== undefined && client.skips.length === 0,
    }
  }

  #dropOldest(): void {
    for (const oldest of this.#servers.keys()) {
      this.#servers.delete(oldest)
      return
    }
  }
}
