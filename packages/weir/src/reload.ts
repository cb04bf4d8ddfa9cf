// SIGHUP: reads the configuration file again and takes over what can change while running.
import { isDeepStrictEqual } from 'node:util'
import type { Settings } from '@weir/contract'
import { readPluginList } from '@weir/data-plane/user-plugins'
import { choosePlugins } from './plugins.ts'
import type { SettingsReader } from './read-settings.ts'
import type { Planes } from './run.ts'

/** Never rejects: a file that cannot be used changes nothing and is reported. */
export async function reload(
  { settings, control, data, log }: Planes,
  reader: SettingsReader,
): Promise<void> {
  try {
    const next = await reader.read()
    const { names } = await choosePlugins(next, reader.directory)
    data?.enablePlugins(names)
    await control?.reloadPlugins()
    await control?.reloadCertificates()
    log.info('the list of plugins and the certificates are read again', { plugins: names?.join(' ') })
    const changed = needRestart(settings, next, reader.directory)
    if (changed.length > 0)
      log.warn('changed settings that take effect at the next start', { settings: changed.join(' ') })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error('the configuration cannot be read again, the old one stays', { reason })
  }
}

const sections = ['apisix', 'deployment', 'nginx_config', 'plugin_attr', 'graphql', 'weir'] as const

function needRestart(before: Settings, after: Settings, directory: string): readonly string[] {
  const changed: string[] = sections.filter((name) => !isDeepStrictEqual(before[name], after[name]))
  const modulesOf = ({ plugins }: Settings) => readPluginList(plugins, directory).modules
  if (!isDeepStrictEqual(modulesOf(before), modulesOf(after))) changed.push('plugins')
  return changed
}
