// One request that asks an upstream for another protocol (RFC 9110 §7.8), on a connection of its own: it is never
// pooled, since what comes of it is no HTTP any more.
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import type { Socket } from 'node:net'
import { timerMsMax } from '@weir/contract'
import {
  type Exchange,
  type ExchangeHandler,
  type OriginOptions,
  UpstreamError,
  type UpstreamFailure,
  type UpstreamRequest,
} from './exchange.ts'
import { toUpstreamError, wording } from './failure.ts'

/** An upstream may refuse, which is an ordinary answer. */
export interface UpgradeHandler extends ExchangeHandler {
  /** In the place of onHead and all that follows; the connection is the handler's. */
  onUpgrade(headers: readonly string[], socket: Socket): void
}

export class UpgradeExchange implements Exchange {
  readonly reused = false
  hasSent = false
  readonly #request: ClientRequest
  readonly #handler: UpgradeHandler
  readonly #target: string
  #response: IncomingMessage | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** `request` has no body, and its headers say what is asked for. */
  constructor(options: OriginOptions, request: UpstreamRequest, handler: UpgradeHandler) {
    this.#handler = handler
    const { protocol, hostname, port, host } = new URL(options.origin)
    const isSecure = protocol === 'https:'
    this.#target = host
    const settings = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (isSecure ? 443 : 80) : Number(port),
      method: request.method,
      path: request.path,
      headers: request.headers,
      setHost: false,
      agent: false as const,
    }
    this.#request = isSecure
      ? requestSecure({
          ...settings,
          rejectUnauthorized: options.verifyCertificate,
          ...options.clientCertificate,
          servername: options.serverName ?? '',
        })
      : requestPlain(settings)
    this.#wait(options.connectTimeoutMs, 'connect_timeout')
    this.#request.once('socket', (socket) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        this.hasSent = true
        handler.onStart?.()
        this.#wait(request.timeouts.headersMs, 'headers_timeout')
      })
    })
    this.#request.once('upgrade', (response, socket, head) => this.#upgraded(response, socket, head))
    this.#request.once('response', (response) => this.#answered(response, request.timeouts.idleMs))
    this.#request.on('error', (error) => this.#fail(toUpstreamError(error, this.#target, this.hasSent)))
    this.#request.end()
  }

  pause(): void {
    this.#response?.pause()
  }

  resume(): void {
    this.#response?.resume()
  }

  limitBody(ms: number): void {
    this.#response?.socket.setTimeout(ms)
  }

  abort(): void {
    this.#end()
    this.#request.destroy()
  }

  #upgraded(response: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#isOver) {
      socket.destroy()
      return
    }
    this.#end()
    if (head.length > 0) socket.unshift(head)
    this.#handler.onUpgrade(response.rawHeaders, socket)
  }

  #answered(response: IncomingMessage, idleMs: number): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    this.#response = response
    response.socket.setTimeout(idleMs, () => this.#giveUp('body_timeout'))
    const { headers, rawHeaders, statusCode = 502, statusMessage = '' } = response
    this.#handler.onHead(statusCode, { fields: headers, list: () => rawHeaders }, statusMessage)
    response.on('data', (chunk: Buffer) => {
      if (!this.#isOver) this.#handler.onData(chunk)
    })
    response.once('end', () => {
      if (this.#end()) this.#handler.onEnd()
    })
    response.on('error', (error) => this.#fail(toUpstreamError(error, this.#target, true)))
  }

  #wait(ms: number, failure: UpstreamFailure): void {
    clearTimeout(this.#timer)
    if (ms > 0) this.#timer = setTimeout(() => this.#giveUp(failure), Math.min(ms, timerMsMax))
  }

  #giveUp(failure: UpstreamFailure): void {
    this.#fail(new UpstreamError(failure, `${this.#target}: ${wording[failure]}`, this.hasSent))
    this.#request.destroy()
  }

  #fail(error: UpstreamError): void {
    if (this.#end()) this.#handler.onFail(error)
  }

  /** Whether this is the end: there is only one. */
  #end(): boolean {
    clearTimeout(this.#timer)
    if (this.#isOver) return false
    this.#isOver = true
    return true
  }
}
