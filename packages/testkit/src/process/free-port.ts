// Ports for programs that cannot choose one themselves, and for those that must come back on the same one.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the range from which Linux (32768) and macOS (49152) take the local ports of outgoing connections: a client
 * that keeps dialling a stopped server in that range can take its port away, or even connect to itself.
 */
const firstPort = 12_000
const lastPort = 32_000
const attemptsMax = 100

/** A TCP port of 127.0.0.1 that nothing listens on; no other call, in any process, returns it while this one lives. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(firstPort, lastPort)
    if ((await claim(port)) && (await isFree(port))) return port
  }
  throw new Error(`No free port between ${firstPort} and ${lastPort}.`)
}

/** Processes side by side tell each other which ports they gave out by UDP sockets of the same numbers. */
async function claim(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true })
    await once(socket, 'listening')
    socket.unref()
    return true
  } catch {
    socket.close()
    return false
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ host: '127.0.0.1', port, exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
