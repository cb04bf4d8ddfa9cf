// Plain connections that read into one buffer. By default Node allocates 64 KB for every read, however little it
// brings, which costs more than copying an event out of a buffer that is always warm.
import type { Socket } from 'node:net'
import { buildConnector } from 'undici'

const readBytesMax = 64 * 1024

/** Of this thread: a read is copied out before the next one begins. */
const readBuffer = Buffer.allocUnsafeSlow(readBytesMax)

/** Each connection has a connector of its own, because Node does not tell the reader which socket it reads for. */
export function sharedReadConnector(settings: buildConnector.BuildOptions): buildConnector.connector {
  return (target, callback) => {
    let connection: Socket | undefined
    const onread = {
      buffer: readBuffer,
      callback: (length: number) => connection?.push(copyOfRead(length)) ?? true,
    }
    const connect = buildConnector({ ...settings, onread })
    connect(target, (...outcome) => {
      connection = outcome[1] ?? undefined
      callback(...outcome)
    })
  }
}

function copyOfRead(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  readBuffer.copy(bytes, 0, 0, length)
  return bytes
}
