// One probe on the wire: connect, send, read the status line (routing.md §10.3).
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Outcome } from './rules.ts'

export interface Probe {
  readonly host: string
  readonly port: number
  readonly lookup?: LookupFunction | undefined
  /** Absent: plain TCP. */
  readonly tls?: { readonly serverName: string; readonly verifyCertificate: boolean } | undefined
  /** Absent: being connected is enough. */
  readonly request?: Buffer | undefined
  /** Milliseconds, for each of connecting and answering. */
  readonly timeoutMs: number
}

export interface ProbeResult {
  readonly outcome: Outcome | 'connected'
  /** For people; names no header and no byte of the answer. */
  readonly reason: string
}

const statusLineBytesMax = 1024

/** Never rejects. The connection is closed whatever happens. */
export function runProbe(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = open(probe)
    let received = ''

    function finish(outcome: ProbeResult['outcome'], reason: string): void {
      socket.destroy()
      signal.removeEventListener('abort', stop)
      resolve({ outcome, reason })
    }
    function stop(): void {
      finish('tcp', 'stopped')
    }

    signal.addEventListener('abort', stop)
    socket.setTimeout(probe.timeoutMs)
    socket.on('timeout', () => finish('timeout', `no answer within ${probe.timeoutMs} ms`))
    socket.on('error', (error: NodeJS.ErrnoException) => finish('tcp', error.code ?? 'connection failed'))
    socket.on(probe.tls ? 'secureConnect' : 'connect', () => {
      if (probe.request) socket.write(probe.request)
      else finish('connected', 'connected')
    })
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1')
      const status = readStatus(received)
      if (status !== undefined) finish(status, status === 0 ? 'no readable status' : `status ${status}`)
    })
    socket.on('end', () => finish('tcp', 'closed without an answer'))
    socket.on('close', () => finish('tcp', 'closed without an answer'))
  })
}

function open({ host, port, lookup, tls }: Probe): Socket {
  const target = { host, port, noDelay: true, ...(lookup && { lookup }) }
  if (!tls) return connectTcp(target)
  return connectTls({
    ...target,
    rejectUnauthorized: tls.verifyCertificate,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(tls.serverName) === 0 && { servername: tls.serverName }),
  })
}

/** Undefined until the line is complete; 0 when it is no status line. */
function readStatus(received: string): number | undefined {
  const end = received.indexOf('\n')
  if (end < 0) return received.length > statusLineBytesMax ? 0 : undefined
  const match = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |\r?$)/.exec(received.slice(0, end))
  return match ? Number(match[1]) : 0
}
