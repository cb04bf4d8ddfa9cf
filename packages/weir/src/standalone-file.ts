// Where a data plane's configuration file is: beside config.yaml, as in APISIX's conf directory.
import { join } from 'node:path'
import type { FileFormat, Settings } from '@weir/contract'

export interface StandaloneFile {
  readonly path: string
  readonly format: FileFormat
}

/**
 * `apisix.yaml` or `apisix.json`, with a profile `apisix-<profile>.yaml` (contract: etcd.md §5.1, §6). Undefined
 * where the settings name another source.
 */
export function standaloneFile(
  { deployment: { config_provider: format } }: Settings,
  directory: string,
  profile = '',
): StandaloneFile | undefined {
  if (format !== 'yaml' && format !== 'json') return undefined
  return { path: join(directory, `apisix${profile === '' ? '' : `-${profile}`}.${format}`), format }
}
