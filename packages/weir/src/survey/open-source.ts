// The documents behind a configuration: in the store that its settings name, or in apisix.yaml or apisix.json beside
// config.yaml.
import { existsSync } from 'node:fs'
import { isApiDriven, type Settings } from '@weir/contract'
import { describeStore, openKept } from '../open-store.ts'
import { standaloneFile } from '../standalone-file.ts'
import { openFileSource } from './file-source.ts'
import type { Source } from './source.ts'
import { createStoreSource } from './store-source.ts'

/**
 * `directory` is that of config.yaml. An embedded store that is not there yet is empty, and is not made.
 * @throws Error with a sentence when a file cannot be used.
 */
export async function openSource(settings: Settings, directory: string): Promise<Source> {
  const description = describeStore(settings, directory)
  if (isApiDriven(settings) || isMissing(settings)) return emptySource(description)
  const file = standaloneFile(settings, directory, process.env['APISIX_PROFILE'])
  return file ? openFileSource(file.path) : createStoreSource(await openKept(settings), description)
}

/** Whether the settings name an embedded store that nobody has made yet. */
export function isMissing({ deployment, weir }: Settings): boolean {
  const isStore = deployment.config_provider === 'etcd'
  return isStore && weir.store === 'embedded' && !existsSync(weir.embedded.path)
}

function emptySource(description: string): Source {
  return {
    description,
    withholdsKeys: false,
    count: async () => 0,
    async *read() {},
    has: async () => false,
    pluginList: async () => undefined,
    close: async () => undefined,
  }
}
