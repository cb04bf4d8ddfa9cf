// Private keys of certificates: their own rule, whatever enable_encrypt_fields says (contract/admin-api.md §9.2).

import type { Cipher } from './cipher.ts'

const pemBegin = '---'

/** What is stored: PEM encrypted, other texts (references, already encrypted ones) as given. */
export function encryptPrivateKey(key: string, cipher: Cipher): string {
  return key.startsWith(pemBegin) ? cipher.encrypt(key) : key
}

/** The PEM of a stored key; undefined when no key of the ring decrypts it, which makes the document unusable. */
export function decryptPrivateKey(key: string, cipher: Cipher): string | undefined {
  return key.startsWith(pemBegin) ? key : cipher.tryDecrypt(key)
}
