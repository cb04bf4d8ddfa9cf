// Which plugins this process has, as the settings say.
import { pluginFacts, type Settings } from '@weir/contract'
import { enabledNames, importPlugins, type PluginList, readPluginList } from '@weir/data-plane/user-plugins'
import type { AnyPlugin } from '@weir/plugin-api'
import { plugins as builtIn } from '@weir/plugins'

export interface PluginChoice {
  /** Those that documents may name. */
  readonly enabled: readonly AnyPlugin[]
  /** Their names where the settings list any; undefined when all of the build are enabled. */
  readonly names: readonly string[] | undefined
  /** Names that the settings list and that neither this build nor APISIX knows. */
  readonly unknown: readonly string[]
  readonly list: PluginList
}

/** @throws Error with a sentence when a module of the user's cannot be used. */
export async function choosePlugins(settings: Settings, directory: string): Promise<PluginChoice> {
  const list = readPluginList(settings.plugins, directory)
  const own = await importPlugins(list.modules)
  const names = enabledNames(list.names, own)
  const all = [...builtIn, ...own]
  const enabled = names ? all.filter(({ name }) => names.includes(name)) : all
  const isKnown = (name: string) => pluginFacts(name) !== undefined || all.some((one) => one.name === name)
  return { enabled, names, unknown: (names ?? []).filter((name) => !isKnown(name)), list }
}
