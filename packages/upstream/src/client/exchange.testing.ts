// What the tests of the client share: raw servers, and exchanges whose callbacks are recorded.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import {
  createOrigins,
  type AnswerHeaders,
  type Exchange,
  type ExchangeHandler,
  type OriginOptions,
  type Origins,
  type OriginsSettings,
  type UpstreamError,
  type UpstreamRequest,
} from './index.ts'

export const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** A server whose connections are given to `serve` raw; keeps those that are open. */
export async function rawServer(serve: (socket: Socket, received: () => string) => void) {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server: Server = createServer((socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
    })
    serve(socket, () => text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { port, origin: `http://127.0.0.1:${port}`, sockets, accepted: () => accepted }
}

/** Answers every request head with the same bytes. */
export function answering(bytes: string) {
  return rawServer((socket, received) => {
    let answered = 0
    socket.on('data', () => {
      const requests = received().split('\r\n\r\n').length - 1
      for (; answered < requests; answered++) socket.write(bytes)
    })
  })
}

export function origins(settings?: OriginsSettings): Origins {
  const made = createOrigins(settings)
  cleanups.push(() => made.close())
  return made
}

export function options(origin: string, more: Partial<OriginOptions> = {}): OriginOptions {
  return {
    origin,
    verifyCertificate: true,
    connectTimeoutMs: 5000,
    keepAlive: { connections: 2, idleMs: 1000 },
    ...more,
  }
}

export const get: UpstreamRequest = {
  method: 'GET',
  path: '/',
  headers: [],
  body: null,
  timeouts: { headersMs: 5000, idleMs: 5000 },
}

export class Recorder implements ExchangeHandler {
  readonly calls: string[] = []
  status = 0
  headers: string[] = []
  text = ''
  error: UpstreamError | undefined
  exchange: Exchange | undefined
  readonly #settled = Promise.withResolvers<this>()
  get done(): Promise<this> {
    return this.#settled.promise
  }
  onHead(status: number, headers: AnswerHeaders): void {
    this.calls.push('head')
    this.status = status
    this.headers = headers.list()
  }
  onData(chunk: Buffer): void {
    this.calls.push('data')
    this.text += chunk.toString()
  }
  onEnd(): void {
    this.calls.push('end')
    this.#settled.resolve(this)
  }
  onFail(error: UpstreamError): void {
    this.calls.push('fail')
    this.error = error
    this.#settled.resolve(this)
  }
}

export function send(
  using: Origins,
  settings: OriginOptions,
  request: Partial<UpstreamRequest> = {},
): Recorder {
  const recorder = new Recorder()
  recorder.exchange = using.open(settings).send({ ...get, ...request }, recorder)
  return recorder
}

export const ok = 'HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 2\r\n\r\nhi'
