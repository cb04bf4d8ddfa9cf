// The plugins of one document, and how the documents behind a route are laid over one another (routing.md §6).
import type { PluginOwner, Reply } from '@weir/plugin-api'
import type { ChainEntry } from '../pipeline/types.ts'
import type { ParsedPlugins } from './parse-plugins.ts'
import { PluginEntry } from './plugin-entry.ts'
import type { PluginHosts } from './plugin-host.ts'

/** By plugin name. `masked` is switched off, `unsupported` cannot be run by this build. */
export type Layer = ReadonlyMap<string, PluginEntry | 'masked' | 'unsupported'>

export const emptyLayer: Layer = new Map()

export function createLayer(parsed: ParsedPlugins, owner: PluginOwner, hosts: PluginHosts): Layer {
  const layer = new Map<string, PluginEntry | 'masked' | 'unsupported'>()
  for (const name of parsed.masked) layer.set(name, 'masked')
  for (const name of parsed.unsupported) layer.set(name, 'unsupported')
  for (const setting of parsed.settings)
    layer.set(setting.plugin.name, new PluginEntry(setting, owner, hosts))
  return layer
}

/** What living instances of a document's previous version must be retired once `layer` is in force. */
export function succeedLayer(layer: Layer, before: Layer): PluginEntry[] {
  const retired: PluginEntry[] = []
  for (const [name, old] of before) {
    if (typeof old === 'string') continue
    const successor = layer.get(name)
    if (!(successor instanceof PluginEntry) || successor.succeed(old)) retired.push(old)
  }
  return retired
}

/** Later layers override earlier ones by name. */
export function overlay(layers: readonly Layer[]): Layer {
  const [only] = layers
  if (only && layers.length === 1) return only
  return new Map(layers.flatMap((layer) => [...layer]))
}

export function entriesOf(layer: Layer): readonly ChainEntry[] {
  return [...layer.values()].filter((entry) => entry instanceof PluginEntry)
}

/** The reply to every request that would have met a plugin which this build does not run (architecture.md §3). */
export function problemOf(layer: Layer): Reply | undefined {
  const names = [...layer].filter(([, entry]) => entry === 'unsupported').map(([name]) => name)
  return names.length === 0 ? undefined : unsupportedPlugins(names)
}

function unsupportedPlugins(names: readonly string[]): Reply {
  const subject = names.length === 1 ? `plugin ${names[0]} is` : `plugins ${names.join(', ')} are`
  return { status: 503, body: { error_msg: `${subject} not supported by this gateway` } }
}
