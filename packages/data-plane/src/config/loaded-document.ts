// A document in force, and how others are found that it refers to.
import type { StoreEntry } from '@weir/config-store'
import type { CompiledUpstreams } from '@weir/upstream'
import type { Values } from './document.ts'
import type { Kind } from './keys.ts'
import type { Layer } from './layer.ts'
import type { PluginSetting } from './parse-plugins.ts'

export interface LoadedDocument<K extends Kind> {
  readonly kind: K
  readonly id: string
  /** With the store's prefix: `/apisix/routes/1`. */
  readonly resourceKey: string
  readonly entry: StoreEntry
  readonly value: Values[K]
  readonly layer: Layer
  /** Identities of authentication plugins, for consumers and credentials. */
  readonly identities: readonly PluginSetting[]
}

export type AnyDocument = { [K in Kind]: LoadedDocument<K> }[Kind]

export interface References {
  get<K extends Kind>(kind: K, id: string): LoadedDocument<K> | undefined
  /** State behind them (pools, balancers, health) is kept by the key of the document that holds them. */
  readonly upstreams: CompiledUpstreams
}
