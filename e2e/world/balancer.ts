// What stands in front of several data planes: connections go to them in turn, past those that refuse.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Balancer {
  readonly port: number
  readonly url: string
  stop(): Promise<void>
}

/** `targets` gives the ports as they are now; a connection that no target takes is closed. */
export async function startBalancer(targets: () => readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>()
  let turn = 0

  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) => {
    keep(client)
    const ports = targets()
    const first = turn++
    forward(
      client,
      ports.map((_, i) => ports[(first + i) % ports.length] ?? 0),
    )
  })

  function forward(client: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) {
      client.destroy()
      return
    }
    const target = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const next = () => forward(client, others)
    target.once('error', next)
    target.once('connect', () => {
      target.off('error', next)
      keep(target)
      client.pipe(target).pipe(client)
      client.on('close', () => target.destroy())
      target.on('close', () => client.destroy())
    })
  }

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
