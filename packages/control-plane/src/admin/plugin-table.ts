// The plugins that documents may name, and which of them this build runs.
import {
  defaultPluginNames,
  defaultStreamPluginNames,
  knownPlugin,
  pluginFacts,
  withPluginMeta,
  type PluginPlace,
  type Schema,
  type Settings,
} from '@weir/contract'
import type { AnyPlugin, PluginSchema } from '@weir/plugin-api'

/** What the Admin API needs to know of a plugin, be it one that runs here or one of the contract's catalogue. */
export interface NamedPlugin {
  readonly name: string
  readonly priority: number
  readonly version?: number
  readonly type?: string
  readonly scope?: string
  readonly onCredentials?: boolean
  readonly schema: PluginSchema<unknown>
  readonly consumerSchema?: PluginSchema<unknown>
  readonly metadataSchema?: PluginSchema<unknown>
  readonly encryptFields?: readonly string[]
  readonly consumerEncryptFields?: readonly string[]
  readonly metadataEncryptFields?: readonly string[]
  readonly uniqueAttribute?: string
  check?(config: unknown): string | undefined
  checkConsumer?(config: unknown): string | undefined
}

/** Which plugins are enabled. */
export interface EnabledPlugins {
  /** Those that run here. */
  readonly plugins: readonly AnyPlugin[]
  /** The names of all, as the settings list them; undefined: all that run here, and APISIX's own list. */
  readonly names: readonly string[] | undefined
}

/** `ignored`: left out, as the settings want it. `unsupported`: enabled, and not run by this build. */
export type Standing = 'runs' | 'ignored' | 'unsupported'

export type PluginSettings = Pick<Settings, 'weir' | 'stream_plugins'>

export class PluginTable {
  #byName: ReadonlyMap<string, AnyPlugin> = new Map()
  /** By descending priority. */
  #names: ReadonlySet<string> = new Set()
  readonly #ignored: ReadonlyMap<string, NamedPlugin>
  readonly #schemas = new WeakMap<NamedPlugin, Schema<unknown>>()
  /** Whether documents that name plugins which this build does not run are stored all the same. */
  readonly acceptsUnsupported: boolean

  /** Those of stream routes, by descending priority. */
  readonly streamNames: readonly string[]

  constructor(enabled: EnabledPlugins, { weir, stream_plugins }: PluginSettings) {
    const { mode, ignore } = weir.unsupported_plugins
    this.#ignored = new Map(ignore.map((name) => [name, knownPlugin(name) ?? foreignPlugin(name)]))
    this.acceptsUnsupported = mode === 'accept'
    this.streamNames = defaultStreamPluginNames.filter((name) => stream_plugins?.includes(name) ?? true)
    this.replace(enabled)
  }

  /** By descending priority. */
  get names(): readonly string[] {
    return [...this.#names]
  }

  /** By descending priority. Reads the schema of each. */
  get all(): readonly NamedPlugin[] {
    return this.names.map((name) => this.get(name)).filter((plugin) => plugin !== undefined)
  }

  isEnabled(name: string): boolean {
    return this.#names.has(name)
  }

  /** A plugin that documents may name: one that is enabled, or ignored. */
  get(name: string): NamedPlugin | undefined {
    const own = this.#byName.get(name)
    if (own !== undefined) return own
    return this.#names.has(name) ? knownPlugin(name) : this.#ignored.get(name)
  }

  /** Of a plugin that `get` knows. */
  standing(name: string): Standing {
    if (this.#byName.has(name)) return 'runs'
    return this.#ignored.has(name) ? 'ignored' : 'unsupported'
  }

  replace({ plugins, names }: EnabledPlugins): void {
    this.#byName = new Map(plugins.map((plugin) => [plugin.name, plugin]))
    const known = (names ?? defaultPluginNames).filter((name) => pluginFacts(name) !== undefined)
    const priority = (name: string) =>
      this.#byName.get(name)?.priority ?? pluginFacts(name)?.priority ?? Number.NEGATIVE_INFINITY
    const all = [...new Set([...known, ...this.#byName.keys()])]
    this.#names = new Set(all.toSorted((a, b) => priority(b) - priority(a)))
  }

  /** The schema of a configuration, with `_meta` among its members. */
  schemaOf(plugin: NamedPlugin): PluginSchema<unknown> {
    let schema = this.#schemas.get(plugin)
    if (schema === undefined) {
      schema = withPluginMeta<unknown>(plugin.schema)
      this.#schemas.set(plugin, schema)
    }
    return schema
  }

  /** The schema that counts at a place: plugins without one for consumers use their plain one there. */
  schemaAt(plugin: NamedPlugin, place: PluginPlace): PluginSchema<unknown> {
    return (place === 'consumer' ? plugin.consumerSchema : undefined) ?? this.schemaOf(plugin)
  }
}

/** One that only its name in `ignore` makes known: somebody's own, on an APISIX that shares the store. */
function foreignPlugin(name: string): NamedPlugin {
  return { name, priority: 0, schema: anything }
}

const anything: PluginSchema<unknown> = {
  json: { type: 'object' },
  check: () => undefined,
  parse: (value) => ({ ok: true, value }),
}

/** The paths of a configuration that are encrypted at rest, at a place. */
export function secretsAt(plugin: NamedPlugin, place: PluginPlace): readonly string[] {
  const inConsumer = place === 'consumer' && plugin.consumerSchema !== undefined
  return (inConsumer ? plugin.consumerEncryptFields : plugin.encryptFields) ?? []
}
