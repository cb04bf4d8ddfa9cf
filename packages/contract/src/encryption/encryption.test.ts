import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCipher, decryptFields, decryptPrivateKey, encryptFields, encryptPrivateKey } from './index.ts'

const defaultKeyring = ['qeddd145sfvddff3', 'edd1c9f0985e76a2']
const cipher = createCipher(defaultKeyring)

describe('the cipher', () => {
  // Vectors of contract/admin-api.md §9.3 and recordings of a running APISIX.
  test.each([
    ['edd1c9f0985e76a2', 'bar', '77+NmbYqNfN+oLm0aX5akg=='],
    ['edd1c9f0985e76a2', 'abc123', '7ipXoKyiZZUAgf3WWNPI5A=='],
    ['edd1c9f0985e76a2', 'auth-two', 'vU/ZHVJw7b0XscDJ1Fhtig=='],
    ['qeddd145sfvddff3', 'auth-one', '4y+JvURBE6ZwRbbgaryrhg=='],
    ['qeddd145sfvddff3', 'jack-key', '1jhUSuP5Dz3oF/IEiJ1SAg=='],
  ])('with %s makes of %s what APISIX makes of it', (key, plain, stored) => {
    expect(createCipher([key]).encrypt(plain)).toBe(stored)
    expect(cipher.decrypt(stored)).toBe(plain)
  })

  test('decrypts what it encrypted, also after a key was put before its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const stored = createCipher(['0123456789abcdef0123456789abcdef']).encrypt(text)
        const rotated = createCipher(['new-key-16-bytes', '0123456789abcdef0123456789abcdef'])
        fc.pre(createCipher(['new-key-16-bytes']).tryDecrypt(stored) === undefined)
        expect(rotated.decrypt(stored)).toBe(text)
      }),
    )
  })

  test('leaves alone what was never encrypted', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        expect(cipher.decrypt(text)).toBe(text)
      }),
    )
    expect(cipher.tryDecrypt('AAAAAAAAAAAAAAAAAAAAAA==')).toBeUndefined()
  })

  test.each([[['short']], [['ä'.repeat(16), 'x']]])('refuses the keyring %j', (keyring) => {
    expect(() => createCipher(keyring)).toThrow(RangeError)
  })
})

test('without a key nothing is encrypted, and nothing can be decrypted', () => {
  const none = createCipher([])
  expect([none.encrypt('bar'), none.decrypt('77+NmbYqNfN+oLm0aX5akg==')]).toEqual([
    'bar',
    '77+NmbYqNfN+oLm0aX5akg==',
  ])
  expect(none.tryDecrypt('77+NmbYqNfN+oLm0aX5akg==')).toBeUndefined()
})

describe('fields', () => {
  const config = {
    auth: { header: { Authorization: 'Bearer x', 'X-Other': 'y' }, query: { n: 1 } },
    instances: [{ name: 'a', auth: { header: { k: 'v' } } }, { name: 'b' }, 'odd'],
    secrets: ['one', 'two', 3],
    key: 'k',
  }
  const paths = [
    'auth.header',
    'auth.query',
    'instances.auth.header',
    'secrets',
    'key',
    'none.such',
    'key.deeper',
  ]

  test('are texts, lists of texts and maps of texts, through lists on the way', () => {
    expect(encryptFields(config, paths, cipher)).toEqual({
      auth: {
        header: { Authorization: cipher.encrypt('Bearer x'), 'X-Other': cipher.encrypt('y') },
        query: { n: 1 },
      },
      instances: [{ name: 'a', auth: { header: { k: cipher.encrypt('v') } } }, { name: 'b' }, 'odd'],
      secrets: [cipher.encrypt('one'), cipher.encrypt('two'), 3],
      key: cipher.encrypt('k'),
    })
  })

  test('come back, and the argument was not touched', () => {
    const before = structuredClone(config)
    const stored = encryptFields(config, paths, cipher)
    expect(decryptFields(stored, paths, cipher)).toEqual(config)
    expect(config).toEqual(before)
  })

  test('nothing to change: the same object', () => {
    expect(encryptFields(config, ['none'], cipher)).toBe(config)
    expect(encryptFields(null, ['a'], cipher)).toBeNull()
  })
})

test('private keys are encrypted when they are PEM, and unusable when nothing decrypts them', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
  const stored = encryptPrivateKey(pem, cipher)
  expect(stored).not.toContain('BEGIN')
  expect(encryptPrivateKey(stored, cipher)).toBe(stored)
  expect(encryptPrivateKey('$secret://vault/1/a/key', cipher)).toBe('$secret://vault/1/a/key')
  expect(decryptPrivateKey(stored, cipher)).toBe(pem)
  expect(decryptPrivateKey(pem, cipher)).toBe(pem)
  expect(decryptPrivateKey(stored, createCipher(['another-key-1234']))).toBeUndefined()
})
