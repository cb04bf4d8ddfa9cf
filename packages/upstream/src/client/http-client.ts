// Side calls of plugins (moderation, webhooks): small requests whose whole answer is wanted.
import { timerMsMax } from '@weir/contract'
import {
  type AnswerHeaders,
  type Exchange,
  type ExchangeHandler,
  type Origins,
  UpstreamError,
  type UpstreamFailure,
} from './exchange.ts'

export interface HttpCall {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer | undefined
  /** For the whole call, milliseconds. */
  readonly timeoutMs: number
  /** The answer's body may not be larger, bytes. */
  readonly maxResponseBytes: number
  readonly verifyCertificate: boolean
  /** Without it the connection is closed after the call. */
  readonly keepAlive?: { readonly connections: number; readonly idleMs: number } | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  /** Lower-case names; repeated values joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Redirects are not followed. Rejects with UpstreamError. */
export interface HttpClient {
  call(call: HttpCall): Promise<HttpAnswer>
}

const closing = { connections: 0, idleMs: 1 }
const noTimeouts = { headersMs: 0, idleMs: 0 }

export function createHttpClient(origins: Origins): HttpClient {
  return {
    call: (call) =>
      new Promise((resolve, reject) => {
        const url = URL.parse(call.url)
        if (!url || !url.protocol.startsWith('http')) {
          reject(new UpstreamError('protocol', 'not an http or https URL', false))
          return
        }
        if (call.signal?.aborted) {
          reject(new UpstreamError('aborted', `${url.host}: the caller gave up`, false))
          return
        }
        new WholeAnswer(call, url.host, resolve, reject).begin(origins, url)
      }),
  }
}

/** Collects one answer, within its time and size. */
class WholeAnswer implements ExchangeHandler {
  readonly #call: HttpCall
  readonly #target: string
  readonly #resolve: (answer: HttpAnswer) => void
  readonly #reject: (error: UpstreamError) => void
  readonly #timer: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #exchange: Exchange | undefined
  #status = 0
  #headers: Record<string, string> = {}
  #bytes = 0

  constructor(
    call: HttpCall,
    target: string,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: UpstreamError) => void,
  ) {
    this.#call = call
    this.#target = target
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(this.#timeout, Math.min(call.timeoutMs, timerMsMax))
    call.signal?.addEventListener('abort', this.#left)
  }

  begin(origins: Origins, url: URL): void {
    const headers = ['Host', url.host]
    for (const [name, value] of Object.entries(this.#call.headers)) {
      if (name.toLowerCase() !== 'host') headers.push(name, value)
      else headers[1] = value
    }
    const origin = origins.open({
      origin: url.origin,
      verifyCertificate: this.#call.verifyCertificate,
      connectTimeoutMs: this.#call.timeoutMs,
      keepAlive: this.#call.keepAlive ?? closing,
    })
    this.#exchange = origin.send(
      {
        method: this.#call.method,
        path: url.pathname + url.search,
        headers,
        body: this.#call.body ?? null,
        timeouts: noTimeouts,
      },
      this,
    )
  }

  onHead(status: number, headers: AnswerHeaders): void {
    this.#status = status
    this.#headers = joinHeaders(headers.list())
  }

  onData(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#call.maxResponseBytes) {
      this.#giveUp('protocol', `the answer is larger than ${this.#call.maxResponseBytes} bytes`)
    } else this.#chunks.push(chunk)
  }

  onEnd(): void {
    this.#finish()
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) })
  }

  onFail(error: UpstreamError): void {
    this.#finish()
    this.#reject(error)
  }

  readonly #timeout = (): void => {
    const phase = this.#status === 0 ? 'headers_timeout' : 'body_timeout'
    this.#giveUp(phase, `no complete answer within ${this.#call.timeoutMs} ms`)
  }

  readonly #left = (): void => this.#giveUp('aborted', 'the caller gave up')

  #giveUp(failure: UpstreamFailure, reason: string): void {
    this.#finish()
    this.#exchange?.abort()
    this.#reject(new UpstreamError(failure, `${this.#target}: ${reason}`, true))
  }

  #finish(): void {
    clearTimeout(this.#timer)
    this.#call.signal?.removeEventListener('abort', this.#left)
  }
}

function joinHeaders(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = (list[i] ?? '').toLowerCase()
    const value = list[i + 1] ?? ''
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}, ${value}`
  }
  return headers
}
