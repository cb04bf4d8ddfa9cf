// Certificates and their keys: they must be readable before they are stored (contract: admin-api.md §5.7).
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { decryptPrivateKey, isJsonObject, isReference, type Cipher, type JsonObject } from '@weir/contract'

/** For documents that satisfy the schema. References are read when they are used, not here. */
export function checkCertificates(document: JsonObject, { cipher }: { cipher: Cipher }): string | undefined {
  const first = checkPair(document['cert'], document['key'], cipher)
  if (first !== undefined || document['type'] === 'client') return first
  const { certs, keys, client } = document
  if (Array.isArray(certs) && Array.isArray(keys)) {
    for (const [i, cert] of certs.entries()) {
      const complaint = checkPair(cert, keys[i], cipher)
      if (complaint !== undefined) return `failed to handle cert-key pair[${i + 1}]: ${complaint}`
    }
  }
  const authority = isJsonObject(client) ? checkPair(client['ca'], undefined, cipher) : undefined
  return authority === undefined ? undefined : `failed to validate client_cert: ${authority}`
}

function checkPair(cert: unknown, key: unknown, cipher: Cipher): string | undefined {
  if (typeof cert === 'string' && !isReference(cert) && !isCertificate(cert)) {
    return 'failed to parse cert: PEM_read_bio_X509_AUX() failed'
  }
  if (typeof key !== 'string' || isReference(key)) return undefined
  const pem = decryptPrivateKey(key, cipher)
  if (pem === undefined) return 'failed to decrypt previous encrypted key'
  return isPrivateKey(pem) ? undefined : 'failed to parse key: PEM_read_bio_PrivateKey() failed'
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== null
  } catch {
    return false
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).type === 'private'
  } catch {
    return false
  }
}
