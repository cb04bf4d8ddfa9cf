// A client that speaks plain HTTP to a TLS port is told so, as nginx tells it, instead of being cut off.
import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import { page, pageContentType } from './pages.ts'

/** The first byte of a TLS record that begins a handshake (RFC 8446 §5.1). */
const HANDSHAKE = 22

export interface FirstBytes {
  /** Cuts the connections on which nothing has come yet. */
  cut(): void
}

/** Looks at the first byte of each connection. One that sends none within `timeoutMs` is closed. */
export function answerPlainRequests(server: Server, serverHeader: string, timeoutMs: number): FirstBytes {
  const silent = new Set<Socket>()
  const begin = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    silent.add(socket)
    const forget = () => void silent.delete(socket)
    const cut = () => socket.destroy()
    socket.once('close', forget)
    socket.once('error', cut)
    socket.setTimeout(timeoutMs, cut)
    socket.once('data', (first: Buffer) => {
      forget()
      if (first[0] !== HANDSHAKE) {
        refuse(socket, serverHeader)
        return
      }
      socket.pause()
      socket.unshift(first)
      socket.setTimeout(0, cut)
      socket.off('close', forget)
      socket.off('error', cut)
      for (const handshake of begin) Reflect.apply(handshake, server, [socket])
    })
  })
  return {
    cut() {
      for (const socket of silent) socket.destroy()
    },
  }
}

function refuse(socket: Socket, serverHeader: string): void {
  const body = page(400, 'The plain HTTP request was sent to HTTPS port')
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nServer: ${serverHeader}\r\nContent-Type: ${pageContentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
