// Documents with their secrets in plain text, and back to what a store holds (contract: admin-api.md §9).
import {
  type Cipher,
  createCipher,
  decryptFields,
  encryptFields,
  encryptPrivateKey,
  isJsonObject,
  isReference,
  type JsonObject,
  type Settings,
} from '@weir/contract'
import type { EncryptedFields, PluginPlace } from './known-fields.ts'

/** With which keys a place keeps its secrets. */
export interface Vault {
  readonly keyring: readonly string[]
  readonly cipher: Cipher
  /** Whether fields of plugins are encrypted at all; private keys always are. */
  readonly encryptsFields: boolean
}

/** `atRest`: whether documents come from a store; those of a file or of an Admin API hold their fields in plain text. */
export function createVault({ apisix }: Settings, atRest: boolean): Vault {
  const { keyring, enable_encrypt_fields } = apisix.data_encryption
  return { keyring, cipher: createCipher(keyring), encryptsFields: atRest && enable_encrypt_fields }
}

export function keepsAlike(one: Vault, other: Vault): boolean {
  return one.encryptsFields === other.encryptsFields && one.keyring.join('\n') === other.keyring.join('\n')
}

export interface Opened {
  readonly document: JsonObject
  /** Members that look encrypted and that no key decrypts. */
  readonly undecryptable: readonly string[]
  /** Every secret that was met, to be kept out of messages. */
  readonly secrets: ReadonlySet<string>
}

/** The parts of a document that may hold secrets. */
interface Walk {
  config(config: unknown, plugin: string, place: PluginPlace): unknown
  privateKey(key: string, member: string): string
}

export function openDocument(
  key: string,
  document: JsonObject,
  vault: Vault,
  fields: EncryptedFields,
): Opened {
  const undecryptable: string[] = []
  const secrets = new Set<string>()

  function open(text: string, member: string, isEncrypted: boolean): string {
    const plain = isEncrypted ? vault.cipher.tryDecrypt(text) : text
    if (plain === undefined && looksEncrypted(text)) undecryptable.push(member)
    const opened = plain ?? text
    // A reference only names a secret.
    if (!isReference(opened)) secrets.add(opened)
    return opened
  }

  const opened = walk(key, document, {
    config(config, plugin, place) {
      let plain = config
      for (const field of fields(plugin, place) ?? []) {
        const decrypt = (text: string) => open(text, `${plugin}.${field}`, vault.encryptsFields)
        plain = decryptFields(plain, [field], { ...vault.cipher, decrypt })
      }
      return plain
    },
    privateKey: (text, member) => (text.startsWith('---') ? text : open(text, member, true)),
  })
  return { document: opened, undecryptable: [...new Set(undecryptable)], secrets }
}

/**
 * What `target` keeps of a document that `source` kept: fields of plugins that nobody here knows are recognised by
 * the fact that the source's keys decrypt them.
 */
export function sealDocument(
  key: string,
  document: JsonObject,
  {
    source,
    target,
    fields,
  }: { readonly source: Vault; readonly target: Vault; readonly fields: EncryptedFields },
): JsonObject {
  const { cipher, encryptsFields } = target
  const seal = (text: string) => (encryptsFields ? cipher.encrypt(text) : text)
  const resealed = (text: string) => {
    const plain = source.encryptsFields ? source.cipher.tryDecrypt(text) : undefined
    return plain === undefined ? text : seal(plain)
  }
  return walk(key, document, {
    config(config, plugin, place) {
      const paths = fields(plugin, place)
      if (paths === undefined) return mapTexts(config, resealed)
      return encryptsFields ? encryptFields(config, paths, cipher) : config
    },
    privateKey: (text) => encryptPrivateKey(text, cipher),
  })
}

/** Strict base64 of whole blocks is what a cipher text looks like; hexadecimal digits are some other secret. */
function looksEncrypted(text: string): boolean {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
  return isBase64 && Buffer.byteLength(text, 'base64') % BLOCK_BYTES === 0 && !/^[0-9a-f]+$/i.test(text)
}

const BLOCK_BYTES = 16

/** A copy with everything changed that `change` changes. */
function walk(key: string, document: JsonObject, change: Walk): JsonObject {
  const [, directory = '', id = ''] = key.split('/')
  if (directory === 'plugin_metadata') {
    const changed = change.config(document, id, 'metadata')
    return isJsonObject(changed) ? changed : document
  }
  const copy = { ...document }
  if (directory === 'ssls') {
    for (const member of ['key', 'keys']) copy[member] = changeKeys(copy[member], member, change)
  }
  changeClientKey(copy, change)
  if (isJsonObject(copy['upstream'])) changeClientKey((copy['upstream'] = { ...copy['upstream'] }), change)
  const { plugins } = copy
  if (isJsonObject(plugins)) {
    const place = directory === 'consumers' ? 'consumer' : 'plain'
    const changed = Object.entries(plugins).map(([name, config]) => [
      name,
      change.config(config, name, place),
    ])
    copy['plugins'] = Object.fromEntries(changed)
  }
  return withoutUndefined(copy)
}

function changeKeys(keys: unknown, member: string, change: Walk): unknown {
  if (typeof keys === 'string') return change.privateKey(keys, member)
  if (!Array.isArray(keys)) return keys
  return keys.map((key: unknown) => (typeof key === 'string' ? change.privateKey(key, member) : key))
}

/** The key with which we show a certificate to an upstream. */
function changeClientKey(upstream: JsonObject, change: Walk): void {
  const { tls } = upstream
  if (!isJsonObject(tls) || typeof tls['client_key'] !== 'string') return
  upstream['tls'] = { ...tls, client_key: change.privateKey(tls['client_key'], 'tls.client_key') }
}

function withoutUndefined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, change)]))
}
