// One request under way on an undici client: what undici calls back on one side, what our callers hold on the other.
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { timerMsMax } from '@weir/contract'
import type { Client, Dispatcher } from 'undici'
import type { BodyReader, BodyTap } from './body-tap.ts'
import {
  type AnswerHeaders,
  type Exchange,
  type ExchangeHandler,
  type ExchangeTimeouts,
  UpstreamError,
  type UpstreamFailure,
  type UpstreamRequest,
} from './exchange.ts'
import { toUpstreamError, wording } from './failure.ts'

/** One connection, or the making of one: undici's client for it, and what stands between the two. */
export interface Connection {
  readonly client: Client
  readonly tap: BodyTap
}

/** What an exchange needs of the pool that made it. */
export interface ConnectionOwner {
  /** host:port, for messages. */
  readonly target: string
  readonly serverName: string | undefined
  readonly connectTimeoutMs: number
  /** Whether a connection ends with its first answer. */
  readonly closesAfterAnswer: boolean
  /** The answer is complete: the connection may serve the next request. */
  release(connection: Connection): void
  /** The request failed or was given up: nothing more is to be had of this connection. */
  discard(): void
}

/** undici takes the TLS server name for each request, but does not say so in its types. */
interface DispatchOptions extends Dispatcher.DispatchOptions {
  servername?: string
}

const noFields: IncomingHttpHeaders = {}

const givenUp = new Error('given up by the caller')
const misread = new Error('the body began before its place')

/**
 * Deadlines are ours: undici's own are half a second off. There is one timer at a time, for connecting, then for the
 * head, then for the next data, which costs a `refresh` per read.
 *
 * A body in chunked transfer coding comes past undici, in one piece for each read of the connection rather than for
 * each chunk: whatever is done with data costs more per call than per byte.
 */
export class DispatchedExchange implements Exchange, AnswerHeaders, BodyReader, Dispatcher.DispatchHandler {
  readonly reused: boolean
  fields: IncomingHttpHeaders = noFields
  readonly #owner: ConnectionOwner
  readonly #connection: Connection
  readonly #handler: ExchangeHandler
  readonly #timeouts: ExchangeTimeouts
  readonly #isHead: boolean
  /** The request's body while it is still to be sent; one that is no stream is written at once. */
  #unsent: Readable | undefined
  /** Set once undici writes the request, which is when bytes may have left. */
  #controller: Dispatcher.DispatchController | undefined = undefined
  #timer: NodeJS.Timeout | undefined = undefined
  #timerMs = 0
  #waitingFor: 'connect_timeout' | 'headers_timeout' | 'body_timeout' = 'connect_timeout'
  #over = false
  #dispatching = true
  #paused = false
  /** Whether data that comes leaves the timer alone. */
  #isDeadline = false

  constructor(
    owner: ConnectionOwner,
    connection: Connection,
    reused: boolean,
    request: UpstreamRequest,
    handler: ExchangeHandler,
  ) {
    this.reused = reused
    this.#owner = owner
    this.#connection = connection
    this.#handler = handler
    this.#timeouts = request.timeouts
    this.#isHead = request.method === 'HEAD'
    this.#unsent = request.body instanceof Readable ? request.body : undefined
  }

  dispatch(request: UpstreamRequest): void {
    const options: DispatchOptions = {
      method: request.method,
      path: request.path,
      headers: request.headers,
      body: request.body,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    if (this.#owner.serverName !== undefined) options.servername = this.#owner.serverName
    if (this.#owner.closesAfterAnswer) options.reset = true
    const { client, tap } = this.#connection
    tap.expect(this)
    client.dispatch(options, this)
    if (!this.#controller && !this.#over) this.#wait('connect_timeout', this.#owner.connectTimeoutMs)
    this.#dispatching = false
  }

  get hasSent(): boolean {
    return this.#controller !== undefined && this.#unsent === undefined && this.#connection.tap.hasWritten
  }

  pause(): void {
    this.#paused = true
    this.#controller?.pause()
    this.#connection.tap.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#over) return
    if (this.#waitingFor === 'body_timeout') this.#timer?.refresh()
    // undici has one parser for all connections, so that none can be resumed from within another's callback.
    queueMicrotask(() => this.#flow())
  }

  #flow(): void {
    if (this.#paused || this.#over) return
    this.#controller?.resume()
    this.#connection.tap.resume()
  }

  limitBody(ms: number, asDeadline: boolean): void {
    if (this.#over) return
    this.#isDeadline = asDeadline
    this.#wait('body_timeout', ms)
  }

  abort(): void {
    if (this.#over) return
    this.#finish()
    this.#hangUp(givenUp)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) {
      controller.abort(givenUp)
      return
    }
    if (this.#paused) controller.pause()
    const { headersMs, sendMs = headersMs } = this.#timeouts
    this.#wait('headers_timeout', this.#unsent ? sendMs : headersMs)
    this.#handler.onStart?.()
  }

  onBodySent(): void {
    if (this.#unsent) this.#timer?.refresh()
  }

  onRequestSent(): void {
    if (!this.#unsent) return
    this.#unsent = undefined
    if (this.#waitingFor === 'headers_timeout') this.#wait('headers_timeout', this.#timeouts.headersMs)
    else this.#timer?.refresh()
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    fields: IncomingHttpHeaders,
    statusText?: string,
  ): void {
    const { tap } = this.#connection
    if (status < 200 || this.#over) {
      tap.pass()
      return
    }
    this.#wait('body_timeout', this.#timeouts.idleMs)
    this.fields = fields
    this.#handler.onHead(status, this, statusText ?? '')
    const hasBody = !this.#over && !this.#isHead && status !== 204 && status !== 304
    if (hasBody && fields['transfer-encoding'] === 'chunked') tap.decode()
    else tap.pass()
  }

  list(): string[] {
    return toHeaderList(this.#controller?.rawHeaders)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // Never, unless the two disagree about where the head ended; then the body cannot be trusted.
    if (this.#connection.tap.isDecoding) controller.abort(misread)
    else this.onBody(chunk)
  }

  onBody(bytes: Buffer): void {
    if (this.#over) return
    if (!this.#isDeadline) this.#timer?.refresh()
    this.#handler.onData(bytes)
  }

  onResponseEnd(): void {
    if (this.#over) return
    clearTimeout(this.#timer)
    this.#over = true
    this.#owner.release(this.#connection)
    this.#handler.onEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#connection.tap.drain()
    if (this.#over) return
    this.#finish()
    // Whatever state undici left the connection in, it serves nobody else.
    if (!this.#controller) void this.#connection.client.destroy()
    const failure = toUpstreamError(error, this.#owner.target, this.#controller !== undefined)
    // undici refuses what it cannot send while it is being asked; callers are told after they have the exchange.
    if (this.#dispatching) queueMicrotask(() => this.#handler.onFail(failure))
    else this.#handler.onFail(failure)
  }

  #wait(what: 'connect_timeout' | 'headers_timeout' | 'body_timeout', ms: number): void {
    this.#waitingFor = what
    // Most configurations have one time for everything, and then one timer serves the whole exchange.
    if (ms === this.#timerMs) {
      this.#timer?.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#timerMs = ms
    this.#timer = ms > 0 ? setTimeout(expire, Math.min(ms, timerMsMax), this) : undefined
  }

  /** The timer fired. */
  expire(): void {
    if (this.#over) return
    if (this.#waitsForUs()) {
      this.#timer?.refresh()
      return
    }
    const failure: UpstreamFailure = this.#waitingFor
    const error = new UpstreamError(
      failure,
      `${this.#owner.target}: ${wording[failure]}`,
      this.#controller !== undefined,
    )
    this.#finish()
    this.#hangUp(error)
    this.#handler.onFail(error)
  }

  /** While our reader is paused, or our client's body is slow to come, the upstream is not to blame. */
  #waitsForUs(): boolean {
    if (this.#waitingFor === 'body_timeout') return this.#paused
    if (this.#waitingFor === 'connect_timeout' || !this.#unsent) return false
    // undici pauses the body when the socket takes no more of it.
    return !this.#unsent.isPaused()
  }

  #hangUp(reason: Error): void {
    if (this.#controller) this.#controller.abort(reason)
    // Still connecting, or queued behind the end of the client's last answer.
    else void this.#connection.client.destroy()
  }

  #finish(): void {
    clearTimeout(this.#timer)
    this.#over = true
    this.#owner.discard()
  }
}

function expire(exchange: DispatchedExchange): void {
  exchange.expire()
}

function toHeaderList(raw: Dispatcher.DispatchController['rawHeaders'] | undefined): string[] {
  if (!Array.isArray(raw)) return []
  const list: string[] = []
  for (const text of raw) list.push(typeof text === 'string' ? text : text.toString('latin1'))
  return list
}
