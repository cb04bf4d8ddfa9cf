// As little of a gateway as forwarding needs, and nodes that behave as told. For tests.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { GatewayError, upstream as upstreamResource, type Upstream } from '@weir/contract'
import {
  type CompiledUpstreamsOptions,
  createCompiledUpstreams,
  createOrigins,
  createResolver,
} from '../index.ts'
import type { AnswerBody, AnswerSink, ForwardContext, ForwardRecord, UpstreamTimeout } from './types.ts'

const cleanups: (() => unknown)[] = []

/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
}

export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server listens on no port')
  return address.port
}

/** A node; the port it listens on. */
export async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  return listen(server)
}

/** A node below HTTP. */
export async function serveRaw(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  atEnd(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return listen(server)
}

/** What a node saw of a request. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** A node that answers with what it saw, and says who it is. */
export function echo(name = 'a'): Promise<number> {
  return serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, rawHeaders } = request
      const seen = { method, url, rawHeaders, body: Buffer.concat(chunks).toString('latin1') }
      response.writeHead(200, { 'X-Node': name }).end(JSON.stringify(seen))
    })
  })
}

export function parseSeen(text: string): Seen {
  // An `echo` wrote it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(text) as Seen
}

/** As [name, value] in order. */
export function headerPairs({ rawHeaders }: Seen): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at < rawHeaders.length; at += 2)
    pairs.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? ''])
  return pairs
}

/** A document with the schema's defaults. */
function upstreamOf(document: object): Upstream {
  const parsed = upstreamResource.parse({ id: '1', ...document })
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

export function nodesAt(...ports: readonly number[]): Record<string, number> {
  return Object.fromEntries(ports.map((port) => [`127.0.0.1:${port}`, 1]))
}

export interface Gateway {
  readonly port: number
  readonly records: ForwardRecord[]
  readonly errors: GatewayError[]
  readonly warnings: Readonly<Record<string, unknown>>[]
  /** Puts another document in the place of the last. */
  use(document: object, timeout?: UpstreamTimeout): void
  drop(): void
}

export interface GatewayOptions extends Partial<CompiledUpstreamsOptions> {
  /** What plugins do to a request before it is forwarded. */
  readonly plugin?: (ctx: ForwardContext) => void | Promise<void>
  /** What happens between the answer's head and its body. */
  readonly beforeAnswer?: () => Promise<void>
  /** Addresses by name. */
  readonly names?: Readonly<Record<string, readonly string[]>>
  readonly timeout?: UpstreamTimeout
}

const resourceKey = '/apisix/upstreams/1'

export async function gateway(document: object, options: GatewayOptions = {}): Promise<Gateway> {
  const { plugin, beforeAnswer, names = {}, timeout, ...more } = options
  const origins = createOrigins()
  atEnd(() => origins.close())
  const resolver = createResolver({
    ask: async (name) => {
      const addresses = names[name]
      if (!addresses) throw Object.assign(new Error(`no such name: ${name}`), { code: 'ENOTFOUND' })
      return { addresses, ttlSeconds: 60 }
    },
  })
  const upstreams = createCompiledUpstreams({ origins, resolver, ...more })
  let compiled = upstreams.open(resourceKey, upstreamOf(document), timeout)
  const records: ForwardRecord[] = []
  const errors: GatewayError[] = []
  const warnings: Readonly<Record<string, unknown>>[] = []

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const ctx = contextOf(message, response, warnings)
    records.push(ctx.upstream)
    try {
      await plugin?.(ctx)
      const answer = await compiled.forward(ctx, message.url ?? '/')
      await beforeAnswer?.()
      response.writeHead(answer.status, answer.headers)
      response.flushHeaders()
      if (answer.body) answer.body.start(new ResponseSink(response, answer.body, errors))
      else response.end()
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      errors.push(error)
      response.writeHead(error.status, { Connection: 'close' }).end(error.message)
    }
  }
  const port = await serve((message, response) => void handle(message, response))
  return {
    port,
    records,
    errors,
    warnings,
    use(next, itsTimeout) {
      compiled = upstreams.open(resourceKey, upstreamOf(next), itsTimeout)
    },
    drop: () => upstreams.drop(resourceKey),
  }
}

/** Writes an answer as fast as the client takes it. */
class ResponseSink implements AnswerSink {
  readonly #response: ServerResponse
  readonly #body: AnswerBody
  readonly #errors: GatewayError[]

  constructor(response: ServerResponse, body: AnswerBody, errors: GatewayError[]) {
    this.#response = response
    this.#body = body
    this.#errors = errors
  }

  chunk(bytes: Buffer): void {
    if (this.#response.write(bytes)) return
    this.#body.pause()
    this.#response.once('drain', () => this.#body.resume())
  }

  end(): void {
    this.#response.end()
  }

  fail(error: GatewayError): void {
    this.#errors.push(error)
    this.#response.destroy()
  }
}

function contextOf(
  message: IncomingMessage,
  response: ServerResponse,
  warnings: Readonly<Record<string, unknown>>[],
): ForwardContext {
  const upstream: ForwardRecord = {
    attempts: [],
    scheme: '',
    host: '',
    uri: '',
    node: '',
    unresolvedHost: '',
    answer: undefined,
  }
  return {
    request: {
      message,
      method: message.method ?? 'GET',
      scheme: 'http',
      remoteAddress: message.socket.remoteAddress ?? '',
      peerAddress: message.socket.remoteAddress ?? '',
      headers: message.headers,
      body: undefined,
      bodyBytes: 0,
      bodyBytesMax: 0,
    },
    upstream,
    consumer: undefined,
    mayUpgrade: false,
    log: { warn: (_message, fields) => void warnings.push(fields ?? {}) },
    variable: (name) =>
      name === 'uri' ? message.url : message.headers[name.replace('http_', '').replaceAll('_', '-')],
    onClientGone: (callback) => {
      if (response.destroyed) callback()
      else {
        response.on('close', () => {
          if (!response.writableFinished) callback()
        })
      }
    },
  }
}
