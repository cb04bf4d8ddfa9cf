// A load client for streams, which wrk cannot pace: raw sockets, one request each, counting events as they come.
import { connect, type Socket } from 'node:net'
import { until } from '@weir/testkit'

const boundary = Buffer.from('data: ')

export interface OpenStreams {
  /** Events received so far on all streams. */
  readonly events: number
  /** Streams of which an event has come. */
  readonly started: number
  /** Streams whose connection has ended, or that were answered with something else. */
  readonly failed: number
  close(): void
}

/** Opens `count` streams at once and reads them until closed. */
function openStreams(port: number, path: string, body: string, count: number): OpenStreams {
  const sockets: Socket[] = []
  const counts = { events: 0, started: 0, failed: 0 }
  const request =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    sockets.push(socket)
    let started = false
    socket.on('data', (bytes: Buffer) => {
      if (!started) {
        started = true
        if (bytes.toString('latin1', 0, 12) === 'HTTP/1.1 200') counts.started++
        else counts.failed++
      }
      // An event cut between two reads is rare enough not to matter: `data: ` stands at the start of small writes.
      for (let at = bytes.indexOf(boundary); at >= 0; at = bytes.indexOf(boundary, at + 6)) counts.events++
    })
    socket.on('error', () => undefined)
    socket.on('close', () => counts.failed++)
    socket.write(request)
  }
  return {
    get events() {
      return counts.events
    },
    get started() {
      return counts.started
    },
    get failed() {
      return counts.failed
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Opens streams and waits until every one has begun. */
export async function openAllStreams(
  port: number,
  path: string,
  body: string,
  count: number,
): Promise<OpenStreams> {
  const streams = openStreams(port, path, body, count)
  try {
    await until(() => streams.failed > 0 || streams.started === count, {
      timeoutMs: 30_000,
      what: `${count} streams`,
    })
    if (streams.failed > 0) throw new Error(`${streams.failed} of ${count} streams failed`)
  } catch (error) {
    streams.close()
    throw error
  }
  return streams
}
