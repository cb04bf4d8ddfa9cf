// Secrets at rest (contract: admin-api.md §9). Both ways change the document that they are given, a fresh copy.
import {
  decryptFields,
  encryptFields,
  encryptPrivateKey,
  isJsonObject,
  type Cipher,
  type JsonObject,
} from '@weir/contract'
import { secretsAt, type PluginTable } from './plugin-table.ts'
import type { AdminResource } from './resource.ts'

export interface Encryption {
  readonly cipher: Cipher
  /** `apisix.data_encryption.enable_encrypt_fields`; keys of certificates are encrypted whatever it says. */
  readonly encryptsFields: boolean
  readonly plugins: PluginTable
}

/** For a document on its way to the store. */
export function encryptDocument(
  resource: AdminResource,
  document: JsonObject,
  { cipher, encryptsFields, plugins }: Encryption,
): void {
  encryptKeys(document, resource.privateKeys?.members ?? [], cipher)
  for (const upstream of [document, document['upstream']]) {
    // The key with which we show a client certificate to an upstream.
    if (isJsonObject(upstream)) encryptKeys(upstream['tls'], ['client_key'], cipher)
  }
  if (!encryptsFields) return
  changeSecrets(resource, document, plugins, (config, paths) => encryptFields(config, paths, cipher))
}

/** For a document that is shown, or merged with a patch. */
export function decryptDocument(
  resource: AdminResource,
  document: JsonObject,
  { cipher, encryptsFields, plugins }: Encryption,
): void {
  if (!encryptsFields) return
  changeSecrets(resource, document, plugins, (config, paths) => decryptFields(config, paths, cipher))
}

function changeSecrets(
  { plugins: place, contract }: AdminResource,
  document: JsonObject,
  table: PluginTable,
  change: <T>(config: T, paths: readonly string[]) => T,
): void {
  if (contract.collection === 'plugin_metadata') {
    const plugin = table.get(String(document['id']))
    Object.assign(document, change(document, plugin?.metadataEncryptFields ?? []))
  }
  const { plugins } = document
  if (place === undefined || !isJsonObject(plugins)) return
  for (const [name, config] of Object.entries(plugins)) {
    const plugin = table.get(name)
    if (plugin !== undefined) plugins[name] = change(config, secretsAt(plugin, place))
  }
}

function encryptKeys(holder: unknown, members: readonly string[], cipher: Cipher): void {
  if (!isJsonObject(holder)) return
  const encrypt = (key: unknown) => (typeof key === 'string' ? encryptPrivateKey(key, cipher) : key)
  for (const member of members) {
    const key = holder[member]
    if (key !== undefined) holder[member] = Array.isArray(key) ? key.map(encrypt) : encrypt(key)
  }
}
