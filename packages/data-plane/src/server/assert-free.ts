// Whether addresses are free: with `reusePort` the system would share them with any process of the same user.
import { createServer } from 'node:net'
import type { ListenAddress } from './proxy-server.ts'

/** Rejects as listening would when one of the addresses is taken. */
export async function assertFree(addresses: readonly ListenAddress[]): Promise<void> {
  await Promise.all(addresses.filter(({ port }) => port !== 0).map(listenOnce))
}

function listenOnce({ ip, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host: ip, port, exclusive: true }, () => server.close(() => resolve()))
  })
}
