// What a client says first on a TLS connection, as far as it decides who answers: the name that it asks for
// (RFC 8446 §4.1.2, RFC 6066 §3).

/** `incomplete`: more bytes are needed; `malformed`: this is no TLS. */
export type ClientHello = { readonly serverName: string | undefined } | 'incomplete' | 'malformed'

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const RECORD_HEADER = 5
const HANDSHAKE_HEADER = 4
const RECORD_BYTES_MAX = 16_384
/** Version and random, which stand before the session's id. */
const FIXED_BYTES = 34
const SERVER_NAME = 0
const HOST_NAME = 0

/** Reads the bytes that have arrived. Never throws. */
export function readClientHello(bytes: Buffer): ClientHello {
  const message = joinRecords(bytes)
  if (typeof message === 'string') return message
  try {
    return { serverName: findServerName(message) }
  } catch {
    // A length points beyond the end.
    return 'malformed'
  }
}

/** The message itself, which may be spread over several records. */
function joinRecords(bytes: Buffer): Buffer | 'incomplete' | 'malformed' {
  const parts: Buffer[] = []
  let length = 0
  let wanted = HANDSHAKE_HEADER
  for (let at = 0; length < wanted;) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE) return 'malformed'
    if (at + RECORD_HEADER > bytes.length) return 'incomplete'
    const size = bytes.readUInt16BE(at + 3)
    if (size === 0 || size > RECORD_BYTES_MAX) return 'malformed'
    const start = at + RECORD_HEADER
    const part = bytes.subarray(start, start + size)
    parts.push(part)
    length += part.length
    if (wanted === HANDSHAKE_HEADER && length >= HANDSHAKE_HEADER) {
      const head = Buffer.concat(parts)
      if (head[0] !== CLIENT_HELLO) return 'malformed'
      wanted = HANDSHAKE_HEADER + head.readUIntBE(1, 3)
    }
    if (part.length < size && length < wanted) return 'incomplete'
    at = start + size
  }
  return Buffer.concat(parts).subarray(HANDSHAKE_HEADER, wanted)
}

/** @throws RangeError when a length is wrong. */
function findServerName(message: Buffer): string | undefined {
  let at = FIXED_BYTES
  at += 1 + message.readUInt8(at)
  at += 2 + message.readUInt16BE(at)
  at += 1 + message.readUInt8(at)
  // Extensions may be left out altogether.
  if (at === message.length) return undefined
  const end = at + 2 + message.readUInt16BE(at)
  at += 2
  while (at < end) {
    const type = message.readUInt16BE(at)
    const size = message.readUInt16BE(at + 2)
    if (type === SERVER_NAME) return readName(message.subarray(at + 4, at + 4 + size))
    at += 4 + size
  }
  return undefined
}

function readName(list: Buffer): string | undefined {
  if (list.length === 0 || list.readUInt8(2) !== HOST_NAME) return undefined
  const size = list.readUInt16BE(3)
  if (5 + size > list.length) throw new RangeError('the name is cut off')
  return list.toString('latin1', 5, 5 + size).toLowerCase()
}
