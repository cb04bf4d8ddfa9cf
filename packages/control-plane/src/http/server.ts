// The socket of the Admin API: plain or TLS, and what happens to clients that do not keep to HTTP.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, STATUS_CODES, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { AdminLimits } from './limits.ts'
import { page, pageContentType } from './pages.ts'
import { answerPlainRequests } from './plain-on-tls.ts'

/** `deployment.admin.admin_api_mtls`: files. With a CA, clients must show a certificate signed by it. */
export interface AdminTls {
  readonly admin_ssl_cert: string
  readonly admin_ssl_cert_key: string
  readonly admin_ssl_ca_cert: string
}

export interface AdminServer {
  readonly address: AddressInfo
  /** Reads the certificate files again; new connections use them. */
  reloadCertificates(): Promise<void>
  /** Takes no new connections, lets requests under way finish for a moment, then ends what is left. */
  close(): Promise<void>
}

/** How long requests under way may take after `close`. */
const CLOSE_GRACE_MS = 5_000

/** @throws when the port cannot be had or a certificate file cannot be used. */
export async function listen(
  listener: RequestListener,
  address: { readonly ip: string; readonly port: number },
  tls: AdminTls | undefined,
  limits: AdminLimits,
  serverHeader: string,
): Promise<AdminServer> {
  const options: ServerOptions = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
  }
  const certificates = tls && (await readCertificates(tls))
  const secure = certificates && createSecureServer({ ...options, ...certificates }, listener)
  const server = secure ?? createServer(options, listener)
  const firstBytes = secure && answerPlainRequests(secure, serverHeader, limits.headersTimeoutMs)
  server.maxConnections = limits.connectionsMax
  server.setTimeout(limits.socketTimeoutMs)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerNonsense(error, socket, serverHeader),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address.ip, port: address.port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    address: addressOf(server),
    async reloadCertificates() {
      if (tls !== undefined) secure?.setSecureContext(await readCertificates(tls))
    },
    close() {
      firstBytes?.cut()
      return close(server)
    },
  }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  assert(typeof address === 'object' && address !== null, 'a TCP server that listens has an address')
  return address
}

async function readCertificates(tls: AdminTls) {
  const [cert, key] = await Promise.all([readFile(tls.admin_ssl_cert), readFile(tls.admin_ssl_cert_key)])
  if (tls.admin_ssl_ca_cert === '') return { cert, key }
  const ca = await readFile(tls.admin_ssl_ca_cert)
  return { cert, key, ca, requestCert: true, rejectUnauthorized: true }
}

/** By the code of node's parser. What it calls a bad method, APISIX's router merely does not find. */
const statusOfNonsense: Readonly<Record<string, number>> = {
  HPE_INVALID_METHOD: 404,
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

function answerNonsense({ code }: NodeJS.ErrnoException, socket: Socket, serverHeader: string): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = statusOfNonsense[code ?? ''] ?? 400
  const body = page(status)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nServer: ${serverHeader}\r\n` +
      `Content-Type: ${pageContentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const end = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
    server.close(() => {
      clearTimeout(end)
      resolve()
    })
    server.closeIdleConnections()
  })
}
