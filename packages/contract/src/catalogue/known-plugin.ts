// A plugin of APISIX as far as configuration goes: whether or not this build runs it, its configurations can be
// checked, encrypted and shown as APISIX does it.
import { compileExpr } from '../expr/index.ts'
import { compileSchema, isJsonObject, type JsonObject, type Schema, withPluginMeta } from '../schema/index.ts'
import { configChecks, consumerChecks, wordings } from './checks/index.ts'
import { isOffByDefault, type PluginFacts, pluginFacts } from './plugin-facts.ts'
import { readSchemaFile, type SchemaFile } from './schema-files.ts'

/** Where a configuration stands: `auth` plugins on consumers and credentials have a schema of their own. */
export type PluginPlace = 'plain' | 'consumer'

export interface KnownPlugin extends PluginFacts {
  readonly name: string
  readonly version: number
  /** One sentence. */
  readonly description: string
  /** Of a configuration on a route, service and so on; without `_meta`. */
  readonly schema: Schema<unknown>
  readonly consumerSchema?: Schema<unknown>
  readonly metadataSchema?: Schema<unknown>
  /** Dotted paths that are encrypted at rest (contract/admin-api.md §9.1). */
  readonly encryptFields: readonly string[]
  readonly consumerEncryptFields: readonly string[]
  readonly metadataEncryptFields: readonly string[]
  /** What the schema cannot say. `config` satisfies it; defaults are present. */
  check(config: unknown): string | undefined
  /** The same for the configuration of a consumer. */
  checkConsumer(config: unknown): string | undefined
}

const known = new Map<string, KnownPlugin>()

/** A plugin that APISIX has, be it off by default; undefined when APISIX does not know the name. */
export function knownPlugin(name: string): KnownPlugin | undefined {
  const found = known.get(name)
  if (found !== undefined) return found
  const facts = pluginFacts(name)
  if (facts === undefined) return undefined
  const made = describe(name, facts, isOffByDefault(name) ? anything : readSchemaFile('plugins', name))
  known.set(name, made)
  return made
}

const anything: SchemaFile = {
  description: 'Off in APISIX unless config.yaml names it.',
  schema: { type: 'object' },
}

function describe(name: string, facts: PluginFacts, file: SchemaFile): KnownPlugin {
  const { schema, consumer_schema: consumerSchema, metadata_schema: metadataSchema } = file
  return {
    version: DEFAULT_VERSION,
    ...facts,
    name,
    description: file.description,
    schema: toSchema(schema),
    ...(consumerSchema && { consumerSchema: toSchema(consumerSchema) }),
    ...(metadataSchema && { metadataSchema: toSchema(metadataSchema) }),
    encryptFields: encryptedIn(schema),
    consumerEncryptFields: encryptedIn(consumerSchema),
    metadataEncryptFields: facts.metadataEncryptFields ?? encryptedIn(metadataSchema),
    check: (config) => (isJsonObject(config) ? configChecks[name]?.(config, findPlugin) : undefined),
    checkConsumer: (config) =>
      isJsonObject(config) ? consumerChecks[name]?.(config, findPlugin) : undefined,
  }
}

/** For the plugins whose configurations hold those of others. */
function findPlugin(name: string) {
  const plugin = knownPlugin(name)
  return plugin && { ...plugin, check: (config: unknown) => complaintOf(plugin, config, 'plain') }
}

/** That of nearly all plugins. */
export const DEFAULT_VERSION = 0.1

function toSchema(json: JsonObject): Schema<unknown> {
  return { json, ...compileSchema(json, { references: true }) }
}

/** APISIX keeps the list of secret fields in the schema itself. */
function encryptedIn(schema: JsonObject | undefined): readonly string[] {
  const fields = schema?.['encrypt_fields']
  return Array.isArray(fields) ? fields.map(String) : []
}

/**
 * The complaint of APISIX about one configuration, worded as its Admin API words it (contract/admin-api.md §4.7), or
 * undefined when APISIX would take it. `_meta` may be among its members.
 */
export function checkPluginConfig(name: string, config: unknown, place: PluginPlace): string | undefined {
  if (typeof config !== 'object' || config === null) {
    return `invalid plugin conf ${JSON.stringify(config)} for plugin [${name}]`
  }
  const plugin = knownPlugin(name)
  if (plugin === undefined) return `unknown plugin [${name}]`
  const meta = isJsonObject(config) && isJsonObject(config['_meta']) ? config['_meta'] : {}
  const complaint = complaintOf(plugin, config, place)
  // A disabled plugin never runs, so what is wrong with it harms nobody.
  if (complaint !== undefined && meta['disable'] !== true) {
    return `failed to check the configuration of plugin ${name} err: ${complaint}`
  }
  const filter = meta['filter'] === undefined ? undefined : compileExpr(meta['filter'])
  return filter?.ok === false ? `failed to validate the 'vars' expression: ${filter.error}` : undefined
}

const schemasWithMeta = new WeakMap<KnownPlugin, Schema<unknown>>()

function complaintOf(plugin: KnownPlugin, config: unknown, place: PluginPlace): string | undefined {
  const identity = place === 'consumer' ? plugin.consumerSchema : undefined
  let schema = identity ?? schemasWithMeta.get(plugin)
  if (schema === undefined) schemasWithMeta.set(plugin, (schema = withPluginMeta(plugin.schema)))
  const parsed = schema.parse(config)
  if (!parsed.ok) return wordSchemaComplaint(plugin.name, config, parsed.error)
  return identity === undefined ? plugin.check(parsed.value) : plugin.checkConsumer(parsed.value)
}

/** What APISIX says when a plugin's schema complains of a configuration. */
export function wordSchemaComplaint(name: string, config: unknown, complaint: string): string {
  return (isJsonObject(config) && wordings[name]?.(config, complaint)) || complaint
}
