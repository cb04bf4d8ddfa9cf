// What is needed to judge documents, from the settings that they were made for and those that they would run with.
import type { Settings } from '@weir/contract'
import { parsePluginList, PluginCatalog } from '@weir/data-plane/check'
import { choosePlugins } from '../plugins.ts'
import type { Judges } from './assess.ts'
import { encryptedFieldsOf } from './known-fields.ts'
import type { Source } from './source.ts'
import type { Vault } from './vault.ts'

export interface JudgesOptions {
  readonly source: Source
  readonly vault: Vault
  /** Those that the documents would run with. */
  readonly settings: Settings
  /** Where the settings' paths of plugin modules start from. */
  readonly directory: string
}

export async function createJudges({ source, vault, settings, directory }: JudgesOptions): Promise<Judges> {
  const { enabled, names } = await choosePlugins(settings, directory)
  const catalog = new PluginCatalog({
    plugins: enabled,
    enabled: names,
    ignored: settings.weir.unsupported_plugins.ignore,
  })
  const list = await source.pluginList()
  const stored = list && parsePluginList(list.value)
  if (stored !== undefined && stored !== 'malformed') catalog.enable(stored)
  return {
    catalog,
    vault,
    fields: encryptedFieldsOf(enabled),
    keysWithheld: source.withholdsKeys,
    refusesUnknown: settings.deployment.config_provider !== 'etcd',
  }
}
