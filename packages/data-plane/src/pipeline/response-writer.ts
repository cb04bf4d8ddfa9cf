// Writes one response to the client: whole, or as a stream with back-pressure.
import assert from 'node:assert/strict'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayError } from '@weir/contract'
import {
  type ByteSink,
  type ByteStream,
  type GatewayResponse,
  isByteStream,
  type RequestSummary,
  type Stage,
} from '@weir/plugin-api'
import type { Context } from './context.ts'
import { Gate } from './gate.ts'
import type { Services } from './services.ts'
import { splice } from './splice.ts'
import { throughStages } from './stages.ts'
import { StreamedBody } from './streamed-body.ts'

export type Outcome = RequestSummary['outcome']

type Conclude = (
  ctx: Context,
  response: GatewayResponse,
  outcome: Outcome,
  bodyBytes: number,
  services: Services,
) => void

/** An unread request body up to this size is read away so that the connection can be kept; else it is closed. */
const UNREAD_BODY_BYTES_MAX = 65_536

export class ResponseWriter implements ByteSink {
  readonly #ctx: Context
  readonly #reply: ServerResponse
  readonly #response: GatewayResponse
  readonly #services: Services
  readonly #conclude: Conclude
  #gate: Gate | undefined
  #body: StreamedBody | undefined
  /** Whether chunks wait for the end of the turn: stages may push several, and the first go out with the head. */
  #collects = true
  #pending: Buffer[] = []
  #flushing = false
  #blocked = false
  #ended = false

  /** `conclude` is called once, when all is over. */
  constructor(ctx: Context, response: GatewayResponse, services: Services, conclude: Conclude) {
    this.#ctx = ctx
    this.#reply = ctx.reply
    this.#response = response
    this.#services = services
    this.#conclude = conclude
  }

  /** Sends the head and a complete body, or starts the stream. */
  send(stages: readonly Stage[], closeConnection: boolean): void {
    const { status, headers, body, upgraded } = this.#response
    for (const text of this.#ctx.responseHeaders) headers.push(text)
    if (upgraded) {
      this.#splice(status, headers, upgraded)
      return
    }
    if (closeConnection || this.#bodyLeftUnread()) headers.push('Connection', 'close')
    if (isByteStream(body)) this.#sendStream(status, headers, body, stages)
    else this.#sendWhole(status, headers, typeof body === 'string' ? Buffer.from(body) : body)
  }

  #splice(status: number, headers: string[], upstream: Socket): void {
    const { socket } = this.#reply
    assert(socket, 'a client that is there has a connection')
    this.#reply.writeHead(status, STATUS_CODES[status] ?? '', headers)
    this.#reply.flushHeaders()
    splice(socket, upstream, (bytes) => this.#finish('complete', bytes))
  }

  #sendWhole(status: number, headers: string[], body: Buffer | undefined): void {
    const bodyless = status === 204 || status === 304
    if (!bodyless && !hasHeader(headers, 'content-length'))
      headers.push('Content-Length', String(body?.length ?? 0))
    this.#reply.writeHead(status, STATUS_CODES[status] ?? '', headers)
    this.#reply.end(bodyless ? undefined : body)
    this.#finish('complete', body?.length)
  }

  #sendStream(status: number, headers: string[], stream: ByteStream, stages: readonly Stage[]): void {
    this.#reply.writeHead(status, STATUS_CODES[status] ?? '', headers)
    const body = new StreamedBody(this.#reply)
    this.#body = body
    this.#gate = new Gate(stream)
    this.#ctx.onClientGone(() => {
      stream.abort(new Error('the client left'))
      this.#finish('client_gone')
    })
    if (this.#ended) return
    const isStaged = stages.length > 0
    stream.start(isStaged ? throughStages(stages, this.#gate, this) : this)
    if (this.#ended) return
    this.#collects = isStaged
    // The client of a stream that is silent at first sees at least that it has begun.
    this.#write(body, this.#take())
  }

  /** A stream's chunk is all that one turn brought, and waits for nothing; what stages push in a turn is gathered. */
  chunk(bytes: Buffer): void {
    if (this.#ended || !this.#body) return
    if (!this.#collects) {
      this.#write(this.#body, [bytes])
      return
    }
    this.#pending.push(bytes)
    if (this.#flushing) return
    this.#flushing = true
    process.nextTick(flush, this)
  }

  end(): void {
    if (this.#ended) return
    this.#body?.end(this.#take())
    this.#finish('complete')
  }

  /** Breaks the connection off after what was pushed, so that the client can tell that the answer is incomplete. */
  fail(_error: GatewayError): void {
    if (this.#ended) return
    this.#body?.write(this.#take())
    const { socket } = this.#reply
    // A tick later, because node:http corks the socket until then and ending a corked one loses what it holds.
    // `destroySoon` lets the kernel have what was written; the chunked body's last chunk is never sent.
    if (socket) process.nextTick(() => socket.destroySoon())
    else this.#reply.destroy()
    this.#finish('upstream_broken')
  }

  flush(): void {
    this.#flushing = false
    if (this.#body && !this.#ended && this.#pending.length > 0) this.#write(this.#body, this.#take())
  }

  #take(): readonly Buffer[] {
    const chunks = this.#pending
    if (chunks.length > 0) this.#pending = []
    return chunks
  }

  #write(body: StreamedBody, chunks: readonly Buffer[]): void {
    if (body.write(chunks) || this.#blocked) return
    this.#blocked = true
    this.#gate?.hold()
    body.onceDrained(() => {
      this.#blocked = false
      this.#gate?.release()
    })
  }

  #finish(outcome: Outcome, bodyBytes = this.#body?.bytes ?? 0): void {
    if (this.#ended) return
    this.#ended = true
    this.#pending = []
    this.#conclude(this.#ctx, this.#response, outcome, bodyBytes, this.#services)
  }

  #bodyLeftUnread(): boolean {
    const { message } = this.#ctx.request
    if (message.complete) return false
    const length = message.headers['content-length']
    if (length !== undefined) return Number(length) > UNREAD_BODY_BYTES_MAX
    return message.headers['transfer-encoding'] !== undefined
  }
}

function flush(writer: ResponseWriter): void {
  writer.flush()
}

function hasHeader(headers: readonly string[], name: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const text = headers[index]
    // Most names differ in length, and making lower case of them all takes time.
    if (text?.length === name.length && text.toLowerCase() === name) return true
  }
  return false
}
