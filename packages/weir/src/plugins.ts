// Which plugins this process has, as the settings say.
import type { Settings } from '@weir/contract'
import { enabledNames, importPlugins, type PluginList, readPluginList } from '@weir/data-plane/user-plugins'
import type { AnyPlugin } from '@weir/plugin-api'
import { plugins as builtIn } from '@weir/plugins'

export interface PluginChoice {
  /** Those that documents may name. */
  readonly enabled: readonly AnyPlugin[]
  /** Their names where the settings list any; undefined when all of the build are enabled. */
  readonly names: readonly string[] | undefined
  readonly list: PluginList
}

/** @throws Error with a sentence when a module of the user's cannot be used. */
export async function choosePlugins(settings: Settings, directory: string): Promise<PluginChoice> {
  const list = readPluginList(settings.plugins, directory)
  const own = await importPlugins(list.modules)
  const names = enabledNames(list.names, own)
  const all = [...builtIn, ...own]
  return { enabled: names ? all.filter(({ name }) => names.includes(name)) : all, names, list }
}
