// TLS to etcd: whom to trust, which name to expect, and the client's own certificate.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, getCACertificates, type PeerCertificate } from 'node:tls'
import { grpc } from './grpc.ts'
import type { EtcdSettings } from './settings.ts'

/** A TLS client may not ask for an address by name (RFC 6066 §3), and gRPC always asks for one. */
const NAME_INSTEAD_OF_ADDRESS = 'etcd'

/**
 * Options for gRPC channels to `hostname`. They make the channels themselves: etcd3 has no option for servers that
 * are not to be verified, and gRPC none for servers that are known by address.
 */
export function tlsOptions(
  hostname: string,
  tls: EtcdSettings['tls'],
  trustedCertificates: string,
): Record<string, unknown> {
  const address = hostname.replace(/^\[|\]$/g, '')
  const byAddress = !tls?.sni && isIP(address) !== 0
  const credentials = grpc.credentials.createSsl(
    readTrusted(trustedCertificates),
    tls?.key ? readFileSync(tls.key) : undefined,
    tls?.cert ? readFileSync(tls.cert) : undefined,
    {
      rejectUnauthorized: tls?.verify ?? true,
      ...(byAddress && {
        checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
          checkServerIdentity(address, certificate),
      }),
    },
  )
  const name = tls?.sni ?? (byAddress ? NAME_INSTEAD_OF_ADDRESS : undefined)
  return {
    ...(name && { 'grpc.ssl_target_name_override': name }),
    channelFactoryOverride: (target: string, _credentials: unknown, options: object) =>
      new grpc.Channel(target, credentials, options),
  }
}

/** `certificates` are separated by commas. */
function readTrusted(certificates: string): Buffer {
  const texts = certificates.split(',').flatMap((name) => {
    const file = name.trim()
    if (file !== 'system') return readFileSync(file, 'utf8')
    return [...getCACertificates('default'), ...getCACertificates('system')]
  })
  return Buffer.from(texts.join('\n'))
}
