// A wire that can be cut: stands between a client and a server.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { portOf } from '../http/listen.ts'

export interface TcpProxy {
  readonly port: number
  /** Breaks all connections at once; new ones are accepted. */
  cut(): void
  /** Does the same when so many more bytes have come from the server: in the middle of something, hopefully. */
  cutAfter(bytes: number): void
  /** From now on bytes get stuck in both directions, and new connections are accepted but lead nowhere. */
  stall(): void
  /** Ends a `stall`: new connections work. Those caught in it stay dead, as behind a firewall that forgot them. */
  resume(): void
  stop(): Promise<void>
}

/** Listens on a port chosen by the system and forwards to `targetPort` of 127.0.0.1. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let stalled = false
  let bytesUntilCut = Infinity

  const server = createServer((client) => {
    track(client)
    if (stalled) return
    const target = connect(targetPort, '127.0.0.1')
    track(target)
    client.pipe(target)
    target.pipe(client)
    target.on('data', (bytes) => {
      bytesUntilCut -= bytes.length
      if (bytesUntilCut <= 0) cut()
    })
    client.on('close', () => target.destroy())
    target.on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function track(socket: Socket): void {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }

  function cut(): void {
    bytesUntilCut = Infinity
    for (const socket of sockets) socket.destroy()
  }

  return {
    port: portOf(server),
    cut,
    cutAfter(bytes) {
      bytesUntilCut = bytes
    },
    stall() {
      stalled = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    resume() {
      stalled = false
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}
