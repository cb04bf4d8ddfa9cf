// The plugins that may stand in documents.
import { withPluginMeta, type Schema } from '@weir/contract'
import type { AnyPlugin, PluginSchema } from '@weir/plugin-api'

/** Where a plugin's configuration stands: consumers and credentials have schemas of their own. */
export type PluginPlace = 'plain' | 'consumer'

export class PluginTable {
  #byName: ReadonlyMap<string, AnyPlugin> = new Map()
  readonly #schemas = new WeakMap<AnyPlugin, Schema<unknown>>()

  constructor(plugins: readonly AnyPlugin[]) {
    this.replace(plugins)
  }

  /** By descending priority. */
  get all(): readonly AnyPlugin[] {
    return [...this.#byName.values()]
  }

  get(name: string): AnyPlugin | undefined {
    return this.#byName.get(name)
  }

  replace(plugins: readonly AnyPlugin[]): void {
    const byName = new Map<string, AnyPlugin>()
    for (const plugin of plugins.toSorted((a, b) => b.priority - a.priority)) byName.set(plugin.name, plugin)
    this.#byName = byName
  }

  /** The schema of a configuration, with `_meta` among its members. */
  schemaOf(plugin: AnyPlugin): PluginSchema<unknown> {
    let schema = this.#schemas.get(plugin)
    if (schema === undefined) {
      schema = withPluginMeta<unknown>(plugin.schema)
      this.#schemas.set(plugin, schema)
    }
    return schema
  }

  /** The schema that counts at a place: plugins without one for consumers use their plain one there. */
  schemaAt(plugin: AnyPlugin, place: PluginPlace): PluginSchema<unknown> {
    return (place === 'consumer' ? plugin.consumerSchema : undefined) ?? this.schemaOf(plugin)
  }
}

/** The paths of a configuration that are encrypted at rest, at a place. */
export function secretsAt(plugin: AnyPlugin, place: PluginPlace): readonly string[] {
  const inConsumer = place === 'consumer' && plugin.consumerSchema !== undefined
  return (inConsumer ? plugin.consumerEncryptFields : plugin.encryptFields) ?? []
}
