// Two connections become one: what either side sends goes to the other as it is, with back-pressure both ways.
import type { Socket } from 'node:net'

/**
 * Ends both when one ends; `over` is called once then, with the bytes that the client was sent. The upstream's own
 * timer watches that something moves at all.
 */
export function splice(client: Socket, upstream: Socket, over: (bytesSent: number) => void): void {
  let bytes = 0
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    upstream.destroy()
    // What is on its way to the client still gets there, unless the client does not take it.
    client.setTimeout(LINGER_MS, () => client.destroy())
    client.destroySoon()
    over(bytes)
  }
  upstream.on('data', (chunk: Buffer) => (bytes += chunk.length))
  for (const socket of [client, upstream]) {
    socket.on('error', ignore)
    socket.once('close', end)
  }
  client.pipe(upstream)
  upstream.pipe(client)
}

const LINGER_MS = 10_000

/** `close` follows. */
function ignore(): void {}
