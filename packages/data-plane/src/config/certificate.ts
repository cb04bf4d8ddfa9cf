// One document of `ssls`, ready for use: keys decrypted, references resolved, all of it readable (etcd.md §4).
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { compilePattern, type Ssl } from '@weir/contract'
import type { ParseServices } from './parse-plugins.ts'
import { Resolution } from './references.ts'

/** Both as PEM. The certificate may have its chain behind it. */
interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** Whom a server certificate asks for a certificate in return. */
interface ClientVerification {
  /** PEM. */
  readonly ca: string
  /** Certificates that may stand between the client's and the authority's. */
  readonly depth: number
  /** Paths for which no certificate is needed; without any, the handshake itself demands one. */
  readonly skips: readonly RegExp[]
}

export interface Certificate {
  readonly type: 'server' | 'client'
  readonly isOn: boolean
  /** Lower case; a wildcard begins with `*`. */
  readonly names: readonly string[]
  /** Empty while secrets are looked up: until then nobody is served with it. */
  readonly pairs: readonly KeyPair[]
  readonly client: ClientVerification | undefined
  /** undefined: as the settings say. */
  readonly protocols: readonly string[] | undefined
}

/** The complaint, in APISIX's words, when the document cannot be used. */
export function parseCertificate(ssl: Ssl, services: ParseServices): Certificate | string {
  const resolution = new Resolution(services)
  const certs = [ssl.cert, ...(ssl.certs ?? [])].map((cert) => String(resolution.resolve(cert)))
  const keys = [ssl.key, ...(ssl.keys ?? [])].map((key) => String(resolution.resolve(key)))
  const [unresolved] = resolution.unresolved
  if (unresolved !== undefined) return 'failed to fetch the secrets of its certificate or key'
  const pairs: KeyPair[] = []
  for (const [i, cert] of resolution.isPending ? [] : certs.entries()) {
    const pair = openPair(cert, keys[i] ?? '', services)
    if (typeof pair === 'string') return i === 0 ? pair : `failed to handle cert-key pair[${i}]: ${pair}`
    pairs.push(pair)
  }
  const client = ssl.client && openClient(ssl.client)
  if (typeof client === 'string') return client
  return {
    type: ssl.type,
    isOn: ssl.status === 1,
    names: (ssl.snis ?? (ssl.sni === undefined ? [] : [ssl.sni])).map((name) => name.toLowerCase()),
    pairs,
    client,
    protocols: ssl.ssl_protocols?.map(String),
  }
}

function openPair(cert: string, key: string, services: ParseServices): KeyPair | string {
  const certificate = readCertificate(cert)
  if (!certificate) return 'failed to parse cert: PEM_read_bio_X509_AUX() failed'
  const pem = services.decryptKey(key)
  if (pem === undefined) return 'failed to decrypt previous encrypted key'
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(pem))) return 'the key is not that of the certificate'
  } catch {
    return 'failed to parse key: PEM_read_bio_PrivateKey() failed'
  }
  return { cert, key: pem }
}

function openClient({ ca, depth, skip_mtls_uri_regex: skips = [] }: NonNullable<Ssl['client']>) {
  if (!readCertificate(ca)) return 'failed to validate client_cert: failed to parse cert'
  try {
    return { ca, depth, skips: skips.map((pattern) => compilePattern(pattern)) }
  } catch (error) {
    return `skip_mtls_uri_regex: ${error instanceof Error ? error.message : String(error)}`
  }
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** Fit to be shown to an upstream by its id (`client_cert_id`). */
export function clientPair(certificate: Certificate | undefined) {
  return certificate?.type === 'client' && certificate.isOn ? certificate.pairs[0] : undefined
}
