// One document of the store, checked (etcd.md §4).
import {
  consumer,
  type Consumer,
  consumerGroup,
  credential,
  type Credential,
  globalRule,
  isJsonObject,
  type JsonObject,
  pluginConfig,
  type Resource,
  route,
  type Route,
  service,
  type Service,
  ssl,
  type Upstream,
  upstream,
} from '@weir/contract'
import type { StoreEntry } from '@weir/config-store'
import { type Certificate, parseCertificate } from './certificate.ts'
import type { Kind } from './keys.ts'
import { type ParsedPlugins, parsePlugins, type ParseServices } from './parse-plugins.ts'

/** The parsed form of each kind; plugins are parsed apart. */
export interface Values {
  routes: Route
  services: Service
  upstreams: Upstream
  consumers: Consumer
  credentials: Credential
  consumer_groups: unknown
  plugin_configs: unknown
  global_rules: unknown
  plugin_metadata: JsonObject
  ssls: Certificate
}

/** A document that is fit for use. */
export type CheckedDocument = {
  [K in Kind]: { readonly kind: K; readonly value: Values[K]; readonly plugins: ParsedPlugins }
}[Kind]

/** Those whose value is what their schema makes of the text. */
type ResourceKind = Exclude<Kind, 'plugin_metadata' | 'ssls'>

const resources: { readonly [K in ResourceKind]: Resource<Values[K]> } = {
  routes: route,
  services: service,
  upstreams: upstream,
  consumers: consumer,
  credentials: credential,
  consumer_groups: consumerGroup,
  plugin_configs: pluginConfig,
  global_rules: globalRule,
}

const noPlugins: ParsedPlugins = { settings: [], unsupported: [], masked: [] }

/** Parses and checks an entry; returns the complaint, in APISIX's words, when it cannot be used. */
export function checkDocument(
  kind: Kind,
  id: string,
  entry: StoreEntry,
  services: ParseServices,
): CheckedDocument | string {
  const document = parseObject(entry.value)
  if (document === undefined) {
    return `invalid item data of [${kind}/${id}], it should be an object`
  }
  const checked = check(kind, id, document, services)
  return typeof checked === 'string' ? `failed to check item data of [${kind}/${id}] err:${checked}` : checked
}

function check(
  kind: Kind,
  id: string,
  document: JsonObject,
  services: ParseServices,
): CheckedDocument | string {
  if (kind === 'plugin_metadata') return checkMetadata(id, document, services)
  return kind === 'ssls'
    ? checkCertificate(id, document, services)
    : checkResource(kind, id, document, services)
}

function checkCertificate(
  id: string,
  document: JsonObject,
  services: ParseServices,
): CheckedDocument | string {
  const parsed = ssl.parse({ ...document, id })
  if (!parsed.ok) return parsed.error
  const value = parseCertificate(parsed.value, services)
  return typeof value === 'string' ? value : { kind: 'ssls', value, plugins: noPlugins }
}

function checkResource(
  kind: ResourceKind,
  id: string,
  document: JsonObject,
  services: ParseServices,
): CheckedDocument | string {
  // The key is authoritative, whatever the text says (etcd.md §1). A consumer's name stands in `username`.
  const parsed = resources[kind].parse(kind === 'consumers' ? document : { ...document, id })
  if (!parsed.ok) return parsed.error
  const place = kind === 'consumers' || kind === 'credentials' ? 'consumer' : 'chain'
  const plugins = parsePlugins(document['plugins'], place, services)
  if (typeof plugins === 'string') return plugins
  openClientKey(parsed.value, services)
  // `resources[kind]` made the value, which the type system cannot follow through the lookup.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { kind, value: parsed.value, plugins } as CheckedDocument
}

/** The key that an upstream shows; one that cannot be decrypted fails the connections that need it. */
function openClientKey(value: unknown, services: ParseServices): void {
  if (!isJsonObject(value)) return
  const holder = value['upstream'] ?? value
  const tls = isJsonObject(holder) ? holder['tls'] : undefined
  if (!isJsonObject(tls) || typeof tls['client_key'] !== 'string') return
  // The document was parsed from its text for nobody else.
  Object.assign(tls, { client_key: services.decryptKey(tls['client_key']) ?? tls['client_key'] })
}

function checkMetadata(
  name: string,
  document: JsonObject,
  { catalog }: ParseServices,
): CheckedDocument | string {
  const { id: _id, ...metadata } = document
  const schema = catalog.find(name)?.metadataSchema
  const parsed = schema?.parse(metadata)
  if (parsed?.ok === false) return parsed.error
  const value = isJsonObject(parsed?.value) ? parsed.value : metadata
  return { kind: 'plugin_metadata', value, plugins: noPlugins }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
