// Takes requests from clients: the listening sockets, their limits, and the way they end.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Server as SocketServer, Socket } from 'node:net'
import { timerMsMax } from '@weir/contract'
import { IncomingRequest, type RealIp } from '../pipeline/index.ts'
import { refuse, statusOfClientError } from './client-error.ts'
import { type Over, ServedReply } from './served-reply.ts'
import { type ClientTimeouts, SlowClients } from './slow-clients.ts'
import { TlsListener, type TlsListenerOptions } from './tls/tls-listener.ts'

export interface ServerLimits {
  /** Bytes of a request's head. */
  readonly headerBytesMax: number
  readonly headersMax: number
  /** Bytes of a request's body, announced or not; 0 for any. */
  readonly bodyBytesMax: number
  readonly connectionsMax: number
  /** Milliseconds for a request's whole head. */
  readonly headTimeoutMs: number
  /** Milliseconds that an idle connection is kept. */
  readonly keepAliveMs: number
  readonly timeouts: ClientTimeouts
}

export interface ProxyServerOptions {
  readonly limits: ServerLimits
  /** The path that routes are matched with; undefined refuses the request (400). */
  normalize(rawPath: string): string | undefined
  /** Proxies before us that tell the client's address. */
  readonly realIp?: RealIp | undefined
  /** Called for every request before `handle`; what it returns is given to `leave` when the request is over. */
  handle(request: IncomingRequest, reply: ServedReply): void
  /** The request is over. */
  over(reply: ServedReply): void
  readonly serverHeader: string
  /** For the addresses that take TLS. */
  readonly tls?: Omit<TlsListenerOptions, 'connectionsMax' | 'handshakeMs' | 'serverHeader'> | undefined
}

export interface Traffic {
  /** Open now. */
  readonly connections: number
  /** Since the start. */
  readonly accepted: number
  readonly requests: number
  /** Requests under way. */
  readonly active: number
}

export interface ListenAddress {
  readonly ip: string
  /** 0: the system chooses. */
  readonly port: number
  readonly tls?: boolean
}

/** How often node:http looks for clients that are slow with their heads. */
const HEAD_CHECK_MS = 1000

/** Enough for the connections that were cut to report it. */
const CUT_MS = 1000

export class ProxyServer implements Over {
  readonly #options: ProxyServerOptions
  readonly #servers: Server[] = []
  readonly #tls: TlsListener | undefined
  /** They take connections for the first of the others. */
  readonly #tlsServers: SocketServer[] = []
  readonly #slowClients: SlowClients
  /** Connections that node:http counts no more. */
  readonly #upgraded = new Set<Socket>()
  /** Empty when the path is not acceptable. */
  readonly #normalize: (rawPath: string) => string
  #connections = 0
  #accepted = 0
  #requests = 0
  #active = 0
  /** Requests that were ended by us. */
  #cut = 0
  #allOver: (() => void) | undefined

  constructor(options: ProxyServerOptions) {
    this.#options = options
    this.#normalize = (rawPath) => options.normalize(rawPath) ?? ''
    this.#slowClients = new SlowClients(options.limits.timeouts, options.serverHeader)
    this.#tls = options.tls && this.#openTls(options.tls)
  }

  /** Requests that are not over. */
  get active(): number {
    return this.#active
  }

  get traffic(): Traffic {
    return {
      connections: this.#connections,
      accepted: this.#accepted,
      requests: this.#requests,
      active: this.#active,
    }
  }

  /**
   * Listens on every address, all or none; answers where. `reusePort` lets several threads share a port. Where there
   * are addresses for TLS there is another one, too, whose server does the HTTP for both.
   */
  async listen(addresses: readonly ListenAddress[], reusePort: boolean): Promise<readonly ListenAddress[]> {
    try {
      const bound: ListenAddress[] = []
      for (const { ip, port, tls = false } of addresses) {
        const server = tls ? this.#createTls() : this.#create()
        const address = await bind(server, ip, port, reusePort)
        bound.push({ ip: address.address, port: address.port, ...(tls && { tls }) })
      }
      return bound
    } catch (error) {
      this.cut()
      throw error
    }
  }

  /**
   * Takes no new connections and lets what is under way finish, for `timeoutMs` at most; then the rest is cut.
   * Resolves with the number of requests that were cut, when all of them are over.
   */
  async drain(timeoutMs: number): Promise<number> {
    for (const server of this.#tlsServers) server.close()
    for (const server of this.#servers) {
      server.close()
      server.closeIdleConnections()
    }
    await this.#untilOver(timeoutMs)
    this.cut()
    await this.#untilOver(CUT_MS)
    return this.#cut
  }

  /** Ends everything at once. */
  cut(): void {
    this.#cut += this.#active
    for (const server of this.#tlsServers) server.close()
    this.#tls?.cut()
    for (const socket of this.#upgraded) socket.destroy()
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
  }

  over(reply: ServedReply): void {
    this.#active -= 1
    this.#options.over(reply)
    if (this.#active === 0) this.#allOver?.()
  }

  /** Resolves when no request is left, or after `timeoutMs`. */
  #untilOver(timeoutMs: number): Promise<void> {
    if (this.#active === 0 || timeoutMs <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(timeoutMs, timerMsMax))
      this.#allOver = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #create(): Server {
    const { limits, serverHeader } = this.#options
    const server = createServer(
      {
        ServerResponse: ServedReply,
        maxHeaderSize: limits.headerBytesMax,
        headersTimeout: limits.headTimeoutMs,
        // A body may take as long as it keeps coming; SlowClients watches that.
        requestTimeout: 0,
        connectionsCheckingInterval: HEAD_CHECK_MS,
        keepAliveTimeout: limits.keepAliveMs,
        shouldUpgradeCallback: asksForWebsocket,
      },
      (message, reply) => this.#serve(message, reply),
    )
    // One more than allowed, since node:http drops what is beyond without a word.
    server.maxHeadersCount = limits.headersMax + 1
    server.maxConnections = limits.connectionsMax
    server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#serveUpgrade(message, socket, head)
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      if (this.#slowClients.isAnswering(socket)) socket.destroy()
      else refuse(socket, statusOfClientError(error), serverHeader)
    })
    server.on('connection', (socket: Socket) => {
      this.#accepted += 1
      this.#connections += 1
      socket.once('close', () => (this.#connections -= 1))
    })
    this.#slowClients.watch(server)
    this.#servers.push(server)
    return server
  }

  #createTls(): SocketServer {
    assert(this.#tls, 'there are no settings for TLS')
    const server = this.#tls.createServer()
    this.#tlsServers.push(server)
    return server
  }

  #openTls(tls: NonNullable<ProxyServerOptions['tls']>): TlsListener {
    const { limits, serverHeader } = this.#options
    const { connectionsMax, headTimeoutMs: handshakeMs } = limits
    return new TlsListener({ ...tls, connectionsMax, handshakeMs, serverHeader }, (socket) => {
      const [server] = this.#servers
      if (server?.listening) server.emit('connection', socket)
      else socket.destroy()
    })
  }

  /** node:http is done with the connection, whatever comes of the request; after an ordinary answer it is closed. */
  #serveUpgrade(message: IncomingMessage, socket: Socket, head: Buffer): void {
    const reply = new ServedReply(message)
    reply.shouldKeepAlive = false
    reply.assignSocket(socket)
    reply.once('finish', () => socket.destroySoon())
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#upgraded.delete(socket))
    this.#upgraded.add(socket)
    if (head.length > 0) socket.unshift(head)
    this.#serve(message, reply)
  }

  #serve(message: IncomingMessage, reply: ServedReply): void {
    const { limits, serverHeader } = this.#options
    toOriginForm(message)
    if (message.rawHeaders.length > 2 * limits.headersMax) {
      answer(reply, 431, 'too many headers', serverHeader)
      return
    }
    const { bodyBytesMax } = limits
    if (bodyBytesMax > 0 && Number(message.headers['content-length']) > bodyBytesMax) {
      answer(reply, 413, `the body is larger than ${bodyBytesMax} bytes`, serverHeader)
      return
    }
    const request = new IncomingRequest(message, this.#normalize, bodyBytesMax, this.#options.realIp)
    if (request.path === '') {
      answer(reply, 400, 'the path of the request is malformed', serverHeader)
      return
    }
    this.#requests += 1
    this.#active += 1
    reply.hold(this)
    this.#slowClients.note(message.socket, reply)
    this.#options.handle(request, reply)
  }
}

/** Only these are handed over by node:http; what asks for other protocols stays an ordinary request. */
function asksForWebsocket({ method, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || headers['content-length'] !== undefined) return false
  return headers['transfer-encoding'] === undefined && headers.upgrade?.toLowerCase() === 'websocket'
}

/** `GET http://host/path`, as clients of proxies ask, means the path at that host (RFC 9112 §3.2.2). */
function toOriginForm(message: IncomingMessage): void {
  const target = message.url ?? ''
  if (target.startsWith('/')) return
  const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target)
  if (!match) return
  const [, authority = '', rest = ''] = match
  message.headers.host = authority
  message.url = rest.startsWith('/') ? rest : `/${rest}`
}

/** A refusal before the request concerns anybody. */
function answer(reply: ServedReply, status: number, message: string, serverHeader: string): void {
  const body = `${JSON.stringify({ error_msg: message })}\n`
  reply.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    Server: serverHeader,
  })
  reply.end(body)
}

/** Connections that wait to be accepted, as nginx has it. */
const BACKLOG = 511

function bind(server: SocketServer, host: string, port: number, reusePort: boolean): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // As nginx has it, `::` is no address for IPv4.
    server.listen({ host, port, backlog: BACKLOG, reusePort, ipv6Only: true }, () => {
      server.off('error', reject)
      const address = server.address()
      if (typeof address === 'object' && address) resolve(address)
      else reject(new Error('the server listens on no port'))
    })
  })
}
