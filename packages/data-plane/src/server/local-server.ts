// Small servers for the operator's side: control API, status, metrics. Each answers from memory, quotas from where they are counted.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LocalAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface LocalServer {
  readonly address: AddressInfo
  close(): void
}

export interface LocalRequest {
  readonly method: string
  /** Without query. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** The Accept header. */
  readonly accept: string
}

const HEADER_BYTES_MAX = 16_384
const CONNECTIONS_MAX = 256
const REQUEST_TIMEOUT_MS = 10_000

export function startLocalServer(
  { ip, port }: { readonly ip: string; readonly port: number },
  answer: (request: LocalRequest) => LocalAnswer | Promise<LocalAnswer>,
): Promise<LocalServer> {
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: REQUEST_TIMEOUT_MS },
    (message, reply) => {
      message.resume()
      const answered = answer(toRequest(message))
      if (answered instanceof Promise) {
        answered.then(
          (later) => send(reply, later),
          () => send(reply, json(500, { error_msg: 'failed' })),
        )
      } else send(reply, answered)
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, ip, () => {
      server.off('error', reject)
      const address = server.address()
      if (typeof address !== 'object' || !address) throw new Error('the server listens on no port')
      resolve({
        address,
        close() {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}

function send(reply: ServerResponse, { status, contentType, body }: LocalAnswer): void {
  reply.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) })
  reply.end(body)
}

function toRequest({ method = 'GET', url = '/', headers }: IncomingMessage): LocalRequest {
  const mark = url.indexOf('?')
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    accept: headers.accept ?? '',
  }
}

export function json(status: number, value: unknown): LocalAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` }
}

/** What nginx says where nothing is. */
export const notFoundPage: LocalAnswer = {
  status: 404,
  contentType: 'text/html; charset=utf-8',
  body: '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n</body>\r\n</html>\r\n',
}
