// The plugins that this process runs, by name, and which of them are enabled.
import { withPluginMeta } from '@weir/contract'
import type { AnyPlugin, PluginSchema } from '@weir/plugin-api'

export interface PluginCatalogOptions {
  /** Those of this build and the user's own; a later one replaces an earlier one of the same name. */
  readonly plugins: readonly AnyPlugin[]
  /** `plugins` of config.yaml, or of the key `/plugins`; undefined enables all. */
  readonly enabled: readonly string[] | undefined
  /** `weir.unsupported_plugins.ignore`: names that may be passed over although this build does not run them. */
  readonly ignored: readonly string[]
}

/** `unsupported`: this build does not run it. `off`: it could, but configuration leaves it out. */
export type Support = 'enabled' | 'off' | 'ignored' | 'unsupported'

export class PluginCatalog {
  readonly #plugins: ReadonlyMap<string, AnyPlugin>
  readonly #ignored: ReadonlySet<string>
  readonly #schemas = new Map<string, PluginSchema<unknown>>()
  #configured: ReadonlySet<string> | undefined
  #stored: ReadonlySet<string> | undefined

  constructor({ plugins, enabled, ignored }: PluginCatalogOptions) {
    this.#plugins = new Map(plugins.map((plugin) => [plugin.name, plugin]))
    this.#ignored = new Set(ignored)
    this.configure(enabled)
  }

  find(name: string): AnyPlugin | undefined {
    return this.#plugins.get(name)
  }

  support(name: string): Support {
    if (this.#plugins.has(name)) return this.#isEnabled(name) ? 'enabled' : 'off'
    return this.#ignored.has(name) ? 'ignored' : 'unsupported'
  }

  /** The schema of a configuration on a route or service and so on, with `_meta` among its members. */
  schemaOf(plugin: AnyPlugin): PluginSchema<unknown> {
    let schema = this.#schemas.get(plugin.name)
    if (!schema) {
      schema = withPluginMeta<unknown>(plugin.schema)
      this.#schemas.set(plugin.name, schema)
    }
    return schema
  }

  /**
   * The store's list, which stands above the configured one; undefined when the store has none. Answers whether
   * other plugins are enabled than before.
   */
  enable(names: readonly string[] | undefined): boolean {
    const before = this.#enabledNames()
    this.#stored = names && new Set(names)
    return this.#enabledNames() !== before
  }

  /** The configured list, read again. */
  configure(names: readonly string[] | undefined): void {
    this.#configured = names && new Set(names)
  }

  #enabledNames(): string {
    return [...this.#plugins.keys()].filter((name) => this.#isEnabled(name)).join()
  }

  #isEnabled(name: string): boolean {
    const list = this.#stored ?? this.#configured
    return !list || list.has(name)
  }
}
