// Ports for servers that cannot choose one themselves and that must come back on the same one.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the range from which Linux (32768) and macOS (49152) take the local ports of outgoing connections: a client
 * that keeps dialling a stopped server in that range can take its port away, or even connect to itself.
 */
const FIRST_PORT = 12_000
const LAST_PORT = 32_000
const ATTEMPTS_MAX = 100

/** Finds a port of 127.0.0.1 that nothing listens on at this moment. */
export async function findRestartablePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    if (await isFree(port)) return port
  }
  throw new Error(`No free port between ${FIRST_PORT} and ${LAST_PORT}.`)
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
