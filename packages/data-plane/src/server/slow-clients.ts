// Ends connections of clients that stop sending their body or stop reading their answer. An upstream may be silent
// for as long as it likes: only what the client owes is timed.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { refuse } from './client-error.ts'

export interface ClientTimeouts {
  /** Milliseconds between two reads of a request's body. */
  readonly bodyMs: number
  /** Milliseconds between two writes that the client takes. */
  readonly sendMs: number
}

/** Where a connection remembers its latest reply: a field costs less per request than an entry of a WeakMap. */
const latest = Symbol('latest reply')

interface ServedSocket extends Socket {
  [latest]?: ServerResponse
}

export class SlowClients {
  readonly #timeouts: ClientTimeouts
  readonly #serverHeader: string
  /** Since when the body stands still, for the few sockets where it does. */
  readonly #stalledSince = new WeakMap<Socket, { readonly at: number; readonly bytes: number }>()

  constructor(timeouts: ClientTimeouts, serverHeader: string) {
    this.#timeouts = timeouts
    this.#serverHeader = serverHeader
  }

  /** node:http restarts a connection's timer with every byte that moves, and tells when nothing moved for so long. */
  watch(server: Server): void {
    server.setTimeout(Math.min(this.#timeouts.bodyMs, this.#timeouts.sendMs))
    server.on('timeout', (socket: Socket) => this.#judge(socket))
  }

  /** To be told of every request. */
  note(socket: ServedSocket, reply: ServerResponse): void {
    socket[latest] = reply
  }

  /** Whether something of a response is already on the connection. */
  isAnswering(socket: ServedSocket): boolean {
    const reply = socket[latest]
    return reply !== undefined && reply.headersSent && !reply.writableFinished
  }

  #judge(socket: ServedSocket): void {
    const reply = socket[latest]
    if (!reply || reply.writableFinished) {
      // Idle between two requests: this was the keep-alive timer.
      socket.destroy()
      return
    }
    if (socket.writableLength > 0) {
      socket.destroy()
      return
    }
    if (!owesBody(reply.req) || !this.#bodyIsOverdue(socket)) {
      socket.setTimeout(Math.min(this.#timeouts.bodyMs, this.#timeouts.sendMs))
      return
    }
    if (reply.headersSent) socket.destroy()
    else refuse(socket, 408, this.#serverHeader)
  }

  #bodyIsOverdue(socket: Socket): boolean {
    const tickMs = Math.min(this.#timeouts.bodyMs, this.#timeouts.sendMs)
    const now = performance.now()
    let stalled = this.#stalledSince.get(socket)
    if (stalled?.bytes !== socket.bytesRead) {
      stalled = { at: now - tickMs, bytes: socket.bytesRead }
      this.#stalledSince.set(socket, stalled)
    }
    return now - stalled.at >= this.#timeouts.bodyMs
  }
}

/** Whether more of the body is awaited: a full buffer means that it is us who do not read. */
function owesBody(message: IncomingMessage): boolean {
  return !message.complete && message.readableLength < message.readableHighWaterMark
}
