// What a client hears whose request could not be read: a short answer, and the connection is closed.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** The status for an error of node:http's parser or of its timers. */
export function statusOfClientError(error: NodeJS.ErrnoException): number {
  return statuses[error.code ?? ''] ?? 400
}

/** Writes a complete response on the bare connection, unless something of another response is already on it. */
export function refuse(socket: Socket, status: number, serverHeader: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const text = STATUS_CODES[status] ?? 'Error'
  const body = `${JSON.stringify({ error_msg: text })}\n`
  const head = [
    `HTTP/1.1 ${status} ${text}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    `Server: ${serverHeader}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // A client that goes on sending would otherwise hold the connection open.
  socket.destroySoon()
}
