// Whether addresses are free: with `reusePort` the system would share them with any process of the same user.
import { createServer } from 'node:net'
import type { ListenAddress } from './proxy-server.ts'

/** Rejects as listening would when one of the addresses is taken. */
export async function assertFree(addresses: readonly ListenAddress[]): Promise<void> {
  await Promise.all(addresses.filter(({ port }) => port !== 0).map(listenOnce))
}

/** Whether this machine has the address at all. */
export async function isAvailable(ip: string): Promise<boolean> {
  return listenOnce({ ip, port: 0 }).then(
    () => true,
    () => false,
  )
}

function listenOnce({ ip, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host: ip, port, exclusive: true, ipv6Only: true }, () => server.close(() => resolve()))
  })
}
