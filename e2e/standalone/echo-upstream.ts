// The upstream of the recordings: it says what came through the gateway.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface EchoUpstream {
  readonly port: number
  close(): void
}

/** `name` is the port that it had in the recordings. */
export async function startEchoUpstream(name: number): Promise<EchoUpstream> {
  const server = createServer(({ url, headers }, response) => {
    const consumer = headers['x-consumer-username'] ?? null
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ up: name, path: url, consumer, ga: headers['x-g'] ?? null }))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => void server.close().closeAllConnections(),
  }
}
