// The connections to one origin. Each is an undici Client with one request at a time; idle ones wait in a short list,
// the freshest on top, so the list is as long as configured and no longer. (undici's own Pool keeps every client it
// ever needed, and searches them in order.)
import Client from 'undici/lib/dispatcher/client.js'
import { BodyTap } from './body-tap.ts'
import type { Connect } from './connect.ts'
import { type Connection, type ConnectionOwner, DispatchedExchange } from './dispatched-exchange.ts'
import {
  type Exchange,
  type ExchangeHandler,
  type Origin,
  type OriginOptions,
  UpstreamError,
  type UpstreamRequest,
} from './exchange.ts'

const responseHeaderBytesMax = 64 * 1024

/** How long more connections than configured may be idle: requests that end together are soon followed by others. */
const surplusMs = 100

export class ConnectionPool implements Origin, ConnectionOwner {
  readonly options: OriginOptions
  readonly target: string
  readonly serverName: string | undefined
  readonly connectTimeoutMs: number
  readonly closesAfterAnswer: boolean
  readonly #connect: Connect
  readonly #clientOptions: Client.Options
  readonly #idle: Connection[] = []
  #inUse = 0
  #trimming: NodeJS.Timeout | undefined = undefined
  #closed: PromiseWithResolvers<void> | undefined

  constructor(options: OriginOptions, connect: Connect) {
    this.options = options
    this.#connect = connect
    const { host, port, protocol } = new URL(options.origin)
    this.target = port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host
    this.serverName = options.serverName
    this.connectTimeoutMs = options.connectTimeoutMs
    this.closesAfterAnswer = options.keepAlive.connections === 0
    const idleMs = Math.max(1, options.keepAlive.idleMs)
    this.#clientOptions = {
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: idleMs,
      // An upstream's own Keep-Alive hint may shorten the time, never lengthen it.
      keepAliveMaxTimeout: idleMs,
      maxHeaderSize: responseHeaderBytesMax,
      ...(options.keepAlive.requests === undefined
        ? undefined
        : { maxRequestsPerClient: options.keepAlive.requests }),
    }
  }

  get inUse(): number {
    return this.#inUse
  }

  get idle(): number {
    return this.#idle.length
  }

  send(request: UpstreamRequest, handler: ExchangeHandler): Exchange {
    if (this.#closed) return refused(handler, this.target)
    const kept = this.#idle.pop()
    const connection = kept ?? this.#open()
    this.#inUse++
    const exchange = new DispatchedExchange(this, connection, kept !== undefined, request, handler)
    exchange.dispatch(request)
    return exchange
  }

  release(connection: Connection): void {
    this.#inUse--
    if (this.#closed) {
      void connection.client.destroy()
      this.#finishClosing()
      return
    }
    // Such a client closes its connection by itself; it is forgotten rather than kept.
    if (this.closesAfterAnswer) return
    this.#idle.push(connection)
    if (this.#idle.length > this.options.keepAlive.connections) {
      this.#trimming ??= setTimeout(this.#trim, surplusMs).unref()
    }
  }

  /** What is idle beyond the bound is closed, the longest unused first. */
  readonly #trim = (): void => {
    this.#trimming = undefined
    const surplus = this.#idle.length - this.options.keepAlive.connections
    for (const { client } of this.#idle.splice(0, Math.max(0, surplus))) void client.destroy()
  }

  discard(): void {
    this.#inUse--
    this.#finishClosing()
  }

  /** Resolves when the last exchange is over. */
  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers<void>()
    clearTimeout(this.#trimming)
    for (const { client } of this.#idle.splice(0)) void client.destroy()
    this.#finishClosing()
    return this.#closed.promise
  }

  #finishClosing(): void {
    if (this.#inUse === 0) this.#closed?.resolve()
  }

  #open(): Connection {
    const tap = new BodyTap(this.#connect)
    const client = new Client(this.options.origin, { ...this.#clientOptions, connect: tap.connect })
    client.on('disconnect', this.#forget)
    return { client, tap }
  }

  /** An idle connection ended: by its time, or by the upstream. */
  readonly #forget = (_origin: URL, targets: readonly unknown[]): void => {
    const index = this.#idle.findIndex(({ client }) => client === targets[0])
    if (index >= 0) this.#idle.splice(index, 1)
  }
}

function refused(handler: ExchangeHandler, target: string): Exchange {
  let told = true
  queueMicrotask(() => {
    if (told) handler.onFail(new UpstreamError('aborted', `${target}: the gateway is closing`, false))
  })
  return {
    reused: false,
    hasSent: false,
    limitBody: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    abort: () => {
      told = false
    },
  }
}
