// Plugins as the Admin API and the control API show them (contract/admin-api.md §6, etcd.md §8).
import { pluginMetaSchema } from '../schema/index.ts'
import { DEFAULT_VERSION, knownPlugin } from './known-plugin.ts'
import { pluginFacts, streamPluginPriority } from './plugin-facts.ts'
import { membersOf, proseOf, withProse } from './prose.ts'
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
  const known = knownPlugin(name)
  return {
    ...(known && { description: known.description }),
    // Plugins of this build have no prose in their schemas; the catalogue has.
    ...withMeta(withProse(schema.json, proseOf(known?.schema.json))),
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
    metadata_schema:
      metadataSchema && withProse(metadataSchema.json, proseOf(knownPlugin(name)?.metadataSchema?.json)),
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
  return { ...json, properties: { ...membersOf(json), _meta: metaSchema } }
}

const { properties: metaMembers } = pluginMetaSchema
const metaSchema = {
  ...pluginMetaSchema,
  description: 'How the plugin is run, whichever it is.',
  properties: {
    disable: { description: 'Do not run it.', ...metaMembers.disable },
    error_response: {
      description: 'Takes the place of what it refuses with.',
      ...metaMembers.error_response,
    },
    priority: { description: 'Its place among the others; the highest runs first.', ...metaMembers.priority },
    filter: { description: 'Expression; it runs only where this holds.', ...metaMembers.filter },
    pre_function: { description: 'Lua to be run before it; refused by Weir.', ...metaMembers.pre_function },
  },
}

function secrets(fields: readonly string[] = []): object {
  return fields.length === 0 ? {} : { encrypt_fields: fields }
}
