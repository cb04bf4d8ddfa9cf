// Encryption at rest as APISIX does it (contract/admin-api.md §9), so that both can read the same etcd.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import { TextDecoder } from 'node:util'

export interface Cipher {
  /** Encrypts with the first key of the ring; base64. */
  encrypt(text: string): string
  /** Tries every key in order. What none of them decrypts is returned as it is: it was never encrypted. */
  decrypt(text: string): string
  /** The same, but undefined when no key fits. */
  tryDecrypt(text: string): string | undefined
}

interface Key {
  readonly algorithm: 'aes-128-cbc' | 'aes-256-cbc'
  readonly key: Buffer
  readonly iv: Buffer
}

const blockBytes = 16

/**
 * @param keyring texts of 16 bytes (AES-128) or 32 (AES-256); with none, texts stay as they are. CBC, the initial
 *   vector is the first 16 bytes of the key, PKCS#7: weak by today's measure (equal texts look equal), but it is
 *   the format.
 * @throws RangeError when a key has another length.
 */
export function createCipher(keyring: readonly string[]): Cipher {
  const keys = keyring.map(toKey)
  const [first] = keys

  function tryDecrypt(text: string): string | undefined {
    const bytes = fromBase64(text)
    if (bytes === undefined) return undefined
    for (const key of keys) {
      const plain = decryptWith(key, bytes)
      if (plain !== undefined) return plain
    }
    return undefined
  }

  return {
    encrypt(text) {
      if (first === undefined) return text
      const cipher = createCipheriv(first.algorithm, first.key, first.iv)
      return cipher.update(text, 'utf8', 'base64') + cipher.final('base64')
    },
    decrypt: (text) => tryDecrypt(text) ?? text,
    tryDecrypt,
  }
}

function toKey(text: string): Key {
  const key = Buffer.from(text, 'utf8')
  if (key.length !== 16 && key.length !== 32) {
    throw new RangeError('a key of the keyring is neither 16 nor 32 bytes long')
  }
  return {
    algorithm: key.length === 16 ? 'aes-128-cbc' : 'aes-256-cbc',
    key,
    iv: key.subarray(0, blockBytes),
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The bytes, if the text can be a cipher text at all: strict base64 of whole blocks. */
function fromBase64(text: string): Buffer | undefined {
  if (text === '' || !base64.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length % blockBytes === 0 ? bytes : undefined
}

// A wrong key passes the check of the padding once in 256 times; what is no UTF-8 then gives it away.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decryptWith({ algorithm, key, iv }: Key, bytes: Buffer): string | undefined {
  try {
    const decipher = createDecipheriv(algorithm, key, iv)
    return utf8.decode(Buffer.concat([decipher.update(bytes), decipher.final()]))
  } catch {
    return undefined
  }
}
