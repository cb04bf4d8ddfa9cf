// Opens connections that read into one buffer. By default Node allocates 64 KB for every read, however little it
// brings, which costs more than copying an event out of a buffer that is always warm.
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { timerMsMax } from '@weir/contract'
import type { buildConnector } from 'undici'
import type { OriginOptions } from './exchange.ts'

const readBytesMax = 64 * 1024
/** Of this thread: what a read brings is taken out before the next one begins. */
export const readBuffer = Buffer.allocUnsafeSlow(readBytesMax)

/** How long a connection that nobody waits for any more may go on trying (ms). */
const graceMs = 1000
const keepAliveProbeMs = 60_000
/** Server names whose TLS session is kept. */
const sessionsMax = 100

/** Told that the buffer's first `length` bytes were read; returns whether to read on. */
type Reader = (socket: Socket, length: number) => boolean

export type Connect = (
  target: buildConnector.Options,
  read: Reader,
  callback: buildConnector.Callback,
) => void

/** One for all connections of a pool, so that TLS sessions are resumed among them. */
export function createConnect(options: OriginOptions, lookup: LookupFunction | undefined): Connect {
  const sessions = new Map<string, Buffer>()
  const { connectTimeoutMs, verifyCertificate, clientCertificate } = options

  return (target, read, callback) => {
    const isSecure = target.protocol === 'https:'
    const settings = {
      host: target.hostname,
      port: Number(target.port) || (isSecure ? 443 : 80),
      highWaterMark: readBytesMax,
      onread: { buffer: readBuffer, callback: (length: number) => read(socket, length) },
      ...(lookup && { lookup }),
    }
    const serverName = target.servername ?? nameOf(target.host ?? target.hostname)
    const session = sessions.get(serverName)
    const socket: Socket = isSecure
      ? connectTls({
          ...settings,
          ALPNProtocols: ['http/1.1'],
          rejectUnauthorized: verifyCertificate,
          ...clientCertificate,
          ...(serverName !== '' && { servername: serverName }),
          ...(session && { session }),
        })
      : connectPlain(settings)
    socket.setNoDelay(true).setKeepAlive(true, keepAliveProbeMs)
    if (connectTimeoutMs > 0) {
      const waitMs = Math.min(connectTimeoutMs + graceMs, timerMsMax)
      socket.setTimeout(waitMs, () => socket.destroy(new Error('connecting timed out')))
    }
    let isSettled = false
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      isSettled = true
      socket.setTimeout(0)
      callback(null, socket)
    })
    socket.on('error', (error) => {
      if (!isSettled) callback(error, null)
      isSettled = true
    })
    if (isSecure) socket.on('session', (ticket: Buffer) => remember(sessions, serverName, ticket))
  }
}

/** The name in a Host header; empty for an address, which TLS servers are not told. */
function nameOf(host: string): string {
  const name = host.startsWith('[') ? host : host.replace(/:\d*$/, '')
  return name.startsWith('[') || isIP(name) !== 0 ? '' : name
}

function remember(sessions: Map<string, Buffer>, name: string, session: Buffer): void {
  sessions.delete(name)
  sessions.set(name, session)
  if (sessions.size <= sessionsMax) return
  for (const oldest of sessions.keys()) {
    sessions.delete(oldest)
    return
  }
}
