// The `plugins` of a document: decrypted, checked, references resolved, `_meta` compiled.
import {
  checkPluginConfig,
  compileExpr,
  isJsonObject,
  type JsonObject,
  knownPlugin,
  pluginFacts,
} from '@weir/contract'
import type { AnyPlugin } from '@weir/plugin-api'
import type { PluginMeta } from '../pipeline/types.ts'
import type { PluginCatalog, Support } from './plugin-catalog.ts'
import { type ReferenceSources, Resolution } from './references.ts'

export interface ParseServices extends ReferenceSources {
  readonly catalog: PluginCatalog
  /** Replaces the encrypted fields of a plugin's configuration; `fields` are dotted paths. Returns a copy. */
  decrypt(config: JsonObject, fields: readonly string[]): JsonObject
  /** The PEM of a stored private key; undefined when no key of the ring decrypts it (admin-api.md §9.2). */
  decryptKey(key: string): string | undefined
  warn(message: string): void
  /** Whether a document is bad that names a plugin which is off or which nobody knows: so it is in files (etcd.md §4). */
  readonly refusesUnknown?: boolean
}

/** One plugin of a document, ready to be created. */
export interface PluginSetting {
  readonly plugin: AnyPlugin
  readonly config: unknown
  readonly meta: PluginMeta | undefined
  /** Whether its references stand for something: they are being looked up, or the texts are still in `config`. */
  readonly secrets: 'resolved' | 'pending' | 'unresolved'
}

export interface ParsedPlugins {
  readonly settings: readonly PluginSetting[]
  /** Names that this build does not run: what holds them is unusable (architecture.md §3). */
  readonly unsupported: readonly string[]
  /** Names that are there but switched off: they still override those of a weaker document (routing.md §6). */
  readonly masked: readonly string[]
}

/** `consumer`: authentication plugins hold identities, which their consumerSchema describes. */
export type PluginPlace = 'chain' | 'consumer'

/** Returns the complaint when a configuration is invalid: then the whole document is (etcd.md §4). */
export function parsePlugins(
  plugins: unknown,
  place: PluginPlace,
  services: ParseServices,
): ParsedPlugins | string {
  const settings: PluginSetting[] = []
  const unsupported: string[] = []
  const masked: string[] = []
  for (const [name, given] of Object.entries(isJsonObject(plugins) ? plugins : {})) {
    // In Lua the empty array and the empty object are one.
    const raw = Array.isArray(given) && given.length === 0 ? {} : given
    // The value itself may be a key that stands in the wrong place: this is logged.
    if (!isJsonObject(raw)) return `invalid plugin conf for plugin [${name}]: it should be an object`
    if (isDisabled(raw)) {
      masked.push(name)
      continue
    }
    const support = services.catalog.support(name)
    const plugin = services.catalog.find(name)
    if (services.refusesUnknown && isUnknown(name, support)) return `unknown plugin [${name}]`
    if (support === 'unsupported' || support === 'ignored') {
      const complaint = complaintAboutForeign(name, raw, place, services)
      if (complaint !== undefined) return complaint
    }
    if (support === 'unsupported') {
      // An identity of a scheme that no route can ask for guards nothing.
      if (place === 'chain' || pluginFacts(name)?.type !== 'auth') unsupported.push(name)
    } else if (support === 'off') services.warn(`plugin ${name} is not enabled, its configuration is skipped`)
    else if (plugin) {
      const setting = parseSetting(plugin, raw, place, services)
      if (typeof setting === 'string') return setting
      settings.push(setting)
    }
  }
  return { settings, unsupported, masked }
}

/** What APISIX would say of a configuration that is not run here: it keeps bad documents out, too. */
function complaintAboutForeign(
  name: string,
  raw: JsonObject,
  place: PluginPlace,
  services: ParseServices,
): string | undefined {
  const known = knownPlugin(name)
  if (known === undefined) return undefined
  const isIdentity = place === 'consumer' && known.consumerSchema !== undefined
  const fields = isIdentity ? known.consumerEncryptFields : known.encryptFields
  const decrypted = fields.length > 0 ? services.decrypt(raw, fields) : raw
  return checkPluginConfig(name, decrypted, place === 'consumer' ? 'consumer' : 'plain')
}

function isUnknown(name: string, support: Support): boolean {
  return support === 'off' || (support === 'unsupported' && pluginFacts(name) === undefined)
}

function isDisabled(config: JsonObject): boolean {
  const meta = config['_meta']
  return isJsonObject(meta) && meta['disable'] === true
}

function parseSetting(
  plugin: AnyPlugin,
  raw: JsonObject,
  place: PluginPlace,
  services: ParseServices,
): PluginSetting | string {
  const complaint = (error: string) =>
    `failed to check the configuration of plugin ${plugin.name} err: ${error}`
  const identity = place === 'consumer' && plugin.type === 'auth' ? plugin.consumerSchema : undefined
  const fields = (identity ? plugin.consumerEncryptFields : plugin.encryptFields) ?? []
  const decrypted = fields.length > 0 ? services.decrypt(raw, fields) : raw
  const parsed = (identity ?? services.catalog.schemaOf(plugin)).parse(decrypted)
  if (!parsed.ok) return complaint(parsed.error)

  const resolution = new Resolution(services)
  const resolved = resolution.resolve(parsed.value)
  for (const reference of resolution.unresolved) {
    services.warn(
      `failed to resolve secret reference ${reference} in the configuration of plugin ${plugin.name}`,
    )
  }
  if (!isJsonObject(resolved)) return complaint('it should be an object')
  const { _meta, ...config } = resolved
  const meta = parseMeta(_meta)
  if (typeof meta === 'string') return complaint(meta)
  const late = identity || resolution.isPending ? undefined : plugin.check?.(config)
  if (late !== undefined) return complaint(late)
  return { plugin, config, meta, secrets: standing(resolution) }
}

function standing({ isPending, unresolved }: Resolution): PluginSetting['secrets'] {
  if (isPending) return 'pending'
  return unresolved.length > 0 ? 'unresolved' : 'resolved'
}

function parseMeta(meta: unknown): PluginMeta | undefined | string {
  if (!isJsonObject(meta)) return undefined
  const { priority, filter, error_response: errorResponse } = meta
  if (meta['pre_function'] !== undefined) return '_meta.pre_function is Lua, which Weir does not run'
  const compiled = filter === undefined ? undefined : compileExpr(filter)
  if (compiled?.ok === false) return `failed to validate the 'vars' expression: ${compiled.error}`
  return {
    priority: typeof priority === 'number' ? priority : undefined,
    filter: compiled,
    errorResponse:
      typeof errorResponse === 'string' || isJsonObject(errorResponse) ? errorResponse : undefined,
  }
}
