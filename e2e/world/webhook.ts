// A webhook receiver: a real HTTP server that keeps what it was sent.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Webhook {
  readonly url: string
  readonly events: readonly Readonly<Record<string, unknown>>[]
  close(): void
}

export async function startWebhook(): Promise<Webhook> {
  const events: Record<string, unknown>[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      events.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>)
      response.end()
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, events, close: () => void server.close().closeAllConnections() }
}
