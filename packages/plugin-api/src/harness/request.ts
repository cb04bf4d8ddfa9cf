// A client's request made up by a test.
import type { ClientRequest, PieceReader } from '../context.ts'

const pieceBytes = 65_536

export interface TestRequest {
  /** Default POST with a body, else GET. */
  readonly method?: string
  /** Path with query. Default `/`. */
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON with its content type. */
  readonly body?: string | Buffer | object
  readonly scheme?: 'http' | 'https'
  readonly remoteAddress?: string
}

export function createTestRequest(wanted: TestRequest = {}): ClientRequest {
  return new MadeUpRequest(wanted)
}

class MadeUpRequest implements ClientRequest {
  readonly method: string
  readonly path: string
  readonly target: string
  readonly query: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly remoteAddress: string
  readonly peerAddress: string
  readonly remotePort = 50_000
  readonly localPort = 9080
  readonly headers: Record<string, string | string[] | undefined> = {}
  #bytes: Buffer
  #read = false

  constructor(wanted: TestRequest) {
    this.method = wanted.method ?? (wanted.body === undefined ? 'GET' : 'POST')
    this.target = wanted.target ?? '/'
    const queryStart = this.target.indexOf('?')
    this.path = decodeURI(queryStart < 0 ? this.target : this.target.slice(0, queryStart))
    this.query = queryStart < 0 ? '' : this.target.slice(queryStart + 1)
    this.scheme = wanted.scheme ?? 'http'
    this.remoteAddress = wanted.remoteAddress ?? '127.0.0.1'
    this.peerAddress = this.remoteAddress
    this.#bytes = toBytes(wanted.body)
    this.headers['host'] = 'gateway.test'
    if (isDocument(wanted.body)) this.headers['content-type'] = 'application/json'
    if (this.#bytes.length > 0) this.headers['content-length'] = String(this.#bytes.length)
    for (const [name, value] of Object.entries(wanted.headers ?? {})) this.headers[name.toLowerCase()] = value
    this.host = (this.header('host') ?? '').replace(/:\d+$/, '').toLowerCase()
  }

  header(name: string): string | undefined {
    const value = this.headers[name.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : value
  }

  queryArgument(name: string): string | undefined {
    return new URLSearchParams(this.query).get(name) ?? undefined
  }

  readBody(maxBytes: number): Buffer | number {
    if (this.#bytes.length > maxBytes) return this.#bytes.length
    this.#read = true
    return this.#bytes
  }

  readPieces(maxBytes: number, reader: PieceReader): Promise<number> {
    const body = this.readBody(maxBytes)
    if (typeof body === 'number') return Promise.resolve(body)
    for (let at = 0; at < body.length; at += pieceBytes) reader.push(body.subarray(at, at + pieceBytes))
    return Promise.resolve(body.length)
  }

  get body(): Buffer | undefined {
    return this.#read ? this.#bytes : undefined
  }

  replaceBody(body: Buffer | readonly Buffer[]): void {
    this.#bytes = Buffer.isBuffer(body) ? body : Buffer.concat(body)
    this.#read = true
    this.headers['content-length'] = String(this.#bytes.length)
  }
}

function toBytes(body: TestRequest['body']): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(isDocument(body) ? JSON.stringify(body) : (body ?? ''))
}

function isDocument(body: TestRequest['body']): body is object {
  return typeof body === 'object' && !Buffer.isBuffer(body)
}
