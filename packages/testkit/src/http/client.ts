// A raw HTTP/1.1 client for tests: one request on one connection, with the exact bytes of what came back and how it
// ended. The usual clients hide the difference between an answer that ended and one that was broken off.
import { connect, type Socket } from 'node:net'
import { type RawHead, ResponseParser } from './response-parser.ts'

export interface RawRequest {
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default GET, or POST with a body. */
  readonly method?: string
  readonly path?: string
  /** In their order and spelling; Host, Content-Length and Connection are added unless given. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  readonly body?: string | Buffer
  /** From connecting to the end, default 30 s. */
  readonly timeoutMs?: number
}

export interface BodyPart {
  readonly bytes: Buffer
  /** Milliseconds since the request was sent. */
  readonly atMs: number
}

/**
 * `complete`: as long as announced. `cut`: the connection ended first (FIN or RST). `malformed`: not HTTP.
 * `timeout`: nothing of it in time. `left`: this side closed it.
 */
export type Ending = 'complete' | 'cut' | 'malformed' | 'timeout' | 'left'

export interface RawResponse {
  /** 0 when no head came. */
  readonly status: number
  readonly head: RawHead | undefined
  readonly rawHeaders: RawHead['rawHeaders']
  header(name: string): string | undefined
  readonly body: Buffer
  readonly text: string
  /** The body in the pieces in which it came. */
  readonly parts: readonly BodyPart[]
  readonly ended: Ending
  /** Such as ECONNREFUSED or ECONNRESET, or what was malformed. */
  readonly error: string | undefined
  /** Milliseconds from sending to the end. */
  readonly durationMs: number
}

/** Sends a request and waits for the end of its answer; never rejects. */
export function rawRequest(request: RawRequest): Promise<RawResponse> {
  return new RawExchange(request).done
}

/** A request under way: what came so far, and a way to leave early. */
export class RawExchange {
  readonly done: Promise<RawResponse>
  readonly parts: BodyPart[] = []
  /** Every byte that came, head and framing too. */
  readonly received: Buffer[] = []
  readonly #socket: Socket
  readonly #parser: ResponseParser
  readonly #finish: (response: RawResponse) => void
  readonly #startedAtMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #ended: Ending | undefined
  #error: string | undefined

  constructor(request: RawRequest) {
    const { promise, resolve } = Promise.withResolvers<RawResponse>()
    this.done = promise
    this.#finish = resolve
    this.#parser = new ResponseParser(
      (bytes) => this.parts.push({ bytes, atMs: performance.now() - this.#startedAtMs }),
      request.method === 'HEAD',
    )
    this.#timer = setTimeout(() => this.#end('timeout'), request.timeoutMs ?? 30_000)
    this.#socket = connect({ host: request.host ?? '127.0.0.1', port: request.port, noDelay: true })
    this.#socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error ??= error.code ?? error.message
    })
    this.#socket.on('end', () => this.#end(this.#parser.endsWithConnection ? 'complete' : 'cut'))
    this.#socket.on('close', () => this.#end('cut'))
    this.#socket.write(encodeRequest(request))
  }

  get head(): RawHead | undefined {
    return this.#parser.head
  }

  /** What came of the body so far. */
  get text(): string {
    return Buffer.concat(this.parts.map((part) => part.bytes)).toString()
  }

  /** Sends more bytes on the connection, for requests that come slowly. */
  write(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  /** Stops reading, as a slow client does; the kernel's buffers fill up. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Leaves in the middle: FIN, or RST with `reset`. */
  leave({ reset = false } = {}): void {
    if (reset) this.#socket.resetAndDestroy()
    this.#end('left')
  }

  #receive(bytes: Buffer): void {
    this.received.push(bytes)
    try {
      this.#parser.push(bytes)
    } catch (error) {
      this.#error = error instanceof Error ? error.message : String(error)
      this.#end('malformed')
      return
    }
    if (this.#parser.complete) this.#end('complete')
  }

  #end(ending: Ending): void {
    if (this.#ended) return
    this.#ended = ending
    clearTimeout(this.#timer)
    this.#socket.destroy()
    const body = Buffer.concat(this.parts.map((part) => part.bytes))
    const { head } = this.#parser
    this.#finish({
      status: head?.status ?? 0,
      head,
      rawHeaders: head?.rawHeaders ?? [],
      header: (name) => head?.header(name),
      body,
      text: body.toString(),
      parts: this.parts,
      ended: ending,
      error: this.#error,
      durationMs: performance.now() - this.#startedAtMs,
    })
  }
}

function encodeRequest({ host, port, method, path, headers = [], body }: RawRequest): Buffer {
  const given = Array.isArray(headers) ? headers : Object.entries(headers)
  const names = new Set(given.map(([name]) => name.toLowerCase()))
  const bytes = Buffer.from(body ?? '')
  const lines = given.map(([name, value]) => `${name}: ${value}`)
  if (!names.has('host')) lines.unshift(`Host: ${host ?? '127.0.0.1'}:${port}`)
  if (!names.has('connection')) lines.push('Connection: close')
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    lines.push(`Content-Length: ${bytes.length}`)
  }
  const verb = method ?? (body === undefined ? 'GET' : 'POST')
  const head = `${verb} ${path ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes])
}
