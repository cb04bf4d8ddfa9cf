// What a plugin is given of the world: one host for each configuration.
import type { AnyPlugin, ConsumerLookup, PluginHost, PluginOwner } from '@weir/plugin-api'
import type { KeptValues } from './kept.ts'

/** What all hosts of a worker share. */
export type PluginSurroundings = Omit<PluginHost, 'owner' | 'consumers' | 'metadata' | 'keep'>

export interface OwnedHost {
  readonly host: PluginHost
  /** Gives back what the plugin keeps; to be called after its `dispose`. */
  release(): void
}

export class PluginHosts {
  readonly #surroundings: PluginSurroundings
  readonly #kept: KeptValues
  readonly #consumers: ConsumerLookup
  readonly #metadata: (plugin: string) => unknown

  constructor(
    surroundings: PluginSurroundings,
    kept: KeptValues,
    consumers: ConsumerLookup,
    metadata: (plugin: string) => unknown,
  ) {
    this.#surroundings = surroundings
    this.#kept = kept
    this.#consumers = consumers
    this.#metadata = metadata
  }

  open(plugin: AnyPlugin, owner: PluginOwner): OwnedHost {
    const holder = this.#kept.holder(`${owner.resourceKey}#${plugin.name}`)
    const host: PluginHost = {
      ...this.#surroundings,
      owner,
      consumers: this.#consumers,
      metadata: () => this.#metadata(plugin.name),
      keep: holder.keep,
    }
    return { host, release: holder.release }
  }
}
