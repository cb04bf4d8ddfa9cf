// How many authorities stand between a client's certificate and the one that is trusted (`client.depth`).
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** Neither the client's own certificate nor the trusted one counts, as OpenSSL has it. */
export function isChainWithin(socket: TLSSocket, depth: number): boolean {
  let between = -1
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  // The last one is its own issuer.
  while (certificate && certificate.issuerCertificate !== certificate) {
    if (between >= depth) return false
    between += 1
    certificate = certificate.issuerCertificate
  }
  return between <= depth
}
