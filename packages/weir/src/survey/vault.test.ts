import { createCipher, isJsonObject, type JsonObject } from '@weir/contract'
import { plugins } from '@weir/plugins'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encryptedFieldsOf } from './known-fields.ts'
import { openDocument, sealDocument, type Vault } from './vault.ts'

const fields = encryptedFieldsOf(plugins)

function vault(keyring: readonly string[], encryptsFields = true): Vault {
  return { keyring, cipher: createCipher(keyring), encryptsFields }
}

const source = vault(['qeddd145sfvddff3'])
const target = vault(['edd1c9f0985e76a2'])
const nowhere = vault(['another-key-1234'], false)
const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'

const documents = fc.record({
  key: fc.constantFrom('/routes/1', '/consumers/a', '/consumers/a/credentials/1', '/global_rules/1'),
  plugins: fc.record(
    {
      'key-auth': fc.record({ key: fc.string() }),
      'basic-auth': fc.record({ username: fc.string(), password: fc.string() }),
      'ai-proxy': fc.record({ auth: fc.record({ header: fc.dictionary(fc.string(), fc.string()) }) }),
    },
    { requiredKeys: [] },
  ),
})

test('what one vault holds another one can hold, and nothing is lost on the way', () => {
  fc.assert(
    fc.property(documents, fc.constantFrom(target, source, nowhere), ({ key, plugins: given }, to) => {
      const plain = { plugins: given, upstream: { tls: { client_key: pem } } }
      const kept = sealDocument(key, plain, { source: nowhere, target: source, fields })
      const opened = openDocument(key, kept, source, fields)
      expect(opened).toMatchObject({ document: plain, undecryptable: [] })
      const moved = sealDocument(key, opened.document, { source, target: to, fields })
      expect(openDocument(key, moved, to, fields).document).toEqual(plain)
      expect(JSON.stringify(moved)).not.toContain('BEGIN')
    }),
  )
})

test('fields of plugins that nobody knows are found by their keys', () => {
  const kept = { plugins: { mine: { token: source.cipher.encrypt('secret'), list: ['plain'] } } }
  const { document } = openDocument('/routes/1', kept, source, fields)
  const moved = sealDocument('/routes/1', document, { source, target, fields })
  expect(configOf(moved, 'mine')).toEqual({ token: target.cipher.encrypt('secret'), list: ['plain'] })
})

test('keys of certificates are encrypted whatever the settings say', () => {
  const ssl = { key: source.cipher.encrypt(pem), keys: [pem] }
  const { document } = openDocument('/ssls/1', ssl, source, fields)
  expect(document).toEqual({ key: pem, keys: [pem] })
  const moved = sealDocument('/ssls/1', document, { source, target: nowhere, fields })
  expect(moved['key']).toBe(nowhere.cipher.encrypt(pem))
  expect(openDocument('/ssls/1', moved, target, fields).undecryptable).toEqual(['key', 'keys'])
})

function configOf({ plugins: all }: JsonObject, name: string): unknown {
  return isJsonObject(all) ? all[name] : undefined
}
