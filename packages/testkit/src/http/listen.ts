// Binds a test's server to the loopback interface and ends it with all its connections.
import type { Server } from 'node:http'
import type { Server as NetServer } from 'node:net'

/** Port 0 lets the system choose. Rejects when the port is taken. */
export async function listen(server: Server, port: number) {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
  return { port: portOf(server), close: () => closeServer(server) }
}

export function portOf(server: NetServer): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null)
    throw new Error('the server is not listening on a port')
  return address.port
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
