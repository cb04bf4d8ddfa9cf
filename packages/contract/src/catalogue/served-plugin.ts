// Plugins as the Admin API and the control API show them (contract/admin-api.md §6, etcd.md §8).
import { isJsonObject, pluginMetaSchema } from '../schema/index.ts'
import { DEFAULT_VERSION, knownPlugin } from './known-plugin.ts'
import { pluginFacts, streamPluginPriority } from './plugin-facts.ts'
import { readSchemaFile } from './schema-files.ts'

/** A plugin of this build, or one of the catalogue. */
export interface ServablePlugin {
  readonly name: string
  readonly priority: number
  readonly version?: number
  readonly type?: string
  readonly scope?: string
  readonly schema: { readonly json: object }
  readonly consumerSchema?: { readonly json: object }
  readonly metadataSchema?: { readonly json: object }
  readonly encryptFields?: readonly string[]
  readonly consumerEncryptFields?: readonly string[]
}

/** Of a configuration on a route, service and so on: with `_meta`, and with the list of secret fields. */
export function servedSchema({ name, schema, encryptFields }: ServablePlugin): object {
  const description = knownPlugin(name)?.description
  return {
    ...(description === undefined ? {} : { description }),
    ...withMeta(schema.json),
    ...secrets(encryptFields),
  }
}

/** Of a configuration on a consumer or credential; undefined when the plugin has none for these. */
export function servedConsumerSchema(plugin: ServablePlugin): object | undefined {
  const { consumerSchema: schema, consumerEncryptFields: fields } = plugin
  return schema && { ...schema.json, ...secrets(fields) }
}

/** Everything about a plugin, spelled as APISIX spells it. */
export function servedPlugin(plugin: ServablePlugin): object {
  const { name, priority, metadataSchema } = plugin
  const facts = pluginFacts(name)
  return {
    version: plugin.version ?? facts?.version ?? DEFAULT_VERSION,
    priority,
    type: plugin.type ?? facts?.type,
    scope: plugin.scope ?? facts?.scope,
    schema: servedSchema(plugin),
    consumer_schema: servedConsumerSchema(plugin),
    metadata_schema: metadataSchema?.json,
  }
}

/** A plugin of stream routes, which no build runs; undefined when APISIX has none of the name. */
export function servedStreamPlugin(name: string): ServedStreamPlugin | undefined {
  const priority = streamPluginPriority(name)
  if (priority === undefined) return undefined
  const { description, schema, metadata_schema } = readSchemaFile('stream-plugins', name)
  const shown = { version: DEFAULT_VERSION, priority, schema: { description, ...withMeta(schema) } }
  return metadata_schema === undefined ? shown : { ...shown, metadata_schema }
}

interface ServedStreamPlugin {
  readonly version: number
  readonly priority: number
  readonly schema: object
  readonly metadata_schema?: object
}

function withMeta(json: object): object {
  const members = 'properties' in json && isJsonObject(json.properties) ? json.properties : {}
  return { ...json, properties: { ...members, _meta: pluginMetaSchema } }
}

function secrets(fields: readonly string[] = []): object {
  return fields.length === 0 ? {} : { encrypt_fields: fields }
}
