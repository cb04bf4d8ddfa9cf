// The variables of a TLS connection, as nginx names them (routing.md §5). A plain connection has none.
import type { PeerCertificate, TLSSocket } from 'node:tls'

type Read = (socket: TLSSocket) => string | undefined

const readers: Readonly<Record<string, Read>> = {
  ssl_server_name: ({ servername }) => (typeof servername === 'string' ? servername : undefined),
  ssl_protocol: (socket) => socket.getProtocol() ?? undefined,
  ssl_cipher: (socket) => socket.getCipher().name,
  ssl_session_reused: (socket) => (socket.isSessionReused() ? 'r' : '.'),
  ssl_alpn_protocol: ({ alpnProtocol }) => alpnProtocol || undefined,
  ssl_client_verify: verification,
  ssl_client_s_dn: (socket) => nameOf(peer(socket)?.subject),
  ssl_client_i_dn: (socket) => nameOf(peer(socket)?.issuer),
  ssl_client_serial: (socket) => peer(socket)?.serialNumber,
  ssl_client_fingerprint: (socket) => peer(socket)?.fingerprint.replaceAll(':', '').toLowerCase(),
  ssl_client_raw_cert: (socket) => pemOf(socket),
  ssl_client_escaped_cert: (socket) => {
    const pem = pemOf(socket)
    return pem === undefined ? undefined : encodeURIComponent(pem)
  },
  ssl_client_v_start: (socket) => peer(socket)?.valid_from,
  ssl_client_v_end: (socket) => peer(socket)?.valid_to,
}

/** undefined for names that nobody knows. */
export function readTlsVariable(socket: TLSSocket, name: string): string | undefined {
  return Object.hasOwn(readers, name) ? readers[name]?.(socket) : undefined
}

function verification(socket: TLSSocket): string {
  if (!peer(socket)) return 'NONE'
  return socket.authorized ? 'SUCCESS' : `FAILED:${String(socket.authorizationError)}`
}

/** An empty object stands for no certificate. */
function peer(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerCertificate()
  return Object.hasOwn(certificate ?? {}, 'raw') ? certificate : undefined
}

function pemOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.toString()
}

/** From the innermost part to the outermost, with commas, as RFC 2253 has it. */
function nameOf(parts: object | undefined): string | undefined {
  if (!parts) return undefined
  return Object.entries(parts)
    .flatMap(([name, values]) => [values].flat().map((value) => `${name}=${String(value)}`))
    .toReversed()
    .join(',')
}
