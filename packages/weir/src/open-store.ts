// The store that the settings choose; the adapter that is not chosen is never loaded.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ConfigStore, ScannableStore } from '@weir/config-store'
import type { StandaloneStore } from '@weir/config-store/standalone'
import { isApiDriven, type Settings } from '@weir/contract'
import type { Logger } from '@weir/telemetry'
import { type StandaloneFile, standaloneFile } from './standalone-file.ts'

export type OpenedStore =
  | { readonly isApiDriven: false; readonly store: ConfigStore }
  /** Empty until the Admin API is given a configuration. */
  | { readonly isApiDriven: true; readonly store: StandaloneStore }

/**
 * `directory` is that of config.yaml.
 * @throws Error with a sentence when the store, or the configuration file, cannot be used.
 */
export async function openStore(settings: Settings, directory: string, log: Logger): Promise<OpenedStore> {
  if (isApiDriven(settings)) {
    const { StandaloneStore } = await import('@weir/config-store/standalone')
    return { isApiDriven: true, store: new StandaloneStore() }
  }
  const file = standaloneFile(settings, directory, process.env['APISIX_PROFILE'])
  return { isApiDriven: false, store: await (file ? openFile(file, log) : openKept(settings)) }
}

async function openFile(file: StandaloneFile, log: Logger): Promise<ConfigStore> {
  const { openFileStore } = await import('@weir/config-store/file')
  const facts = { file: file.path }
  return openFileStore({
    ...file,
    env: process.env,
    onProblem(reason) {
      if (reason === undefined) log.info('the configuration file is in force', facts)
      else log.error('the configuration file cannot be used, what was in force stays', { ...facts, reason })
    },
  })
}

/** The store that keeps the configuration, where it is neither in a file nor in memory. */
export async function openKept({ apisix, deployment, weir }: Settings): Promise<ScannableStore> {
  if (weir.store === 'etcd') {
    const { createEtcdStore } = await import('@weir/config-store/etcd')
    return createEtcdStore(deployment.etcd, apisix.ssl.ssl_trusted_certificate)
  }
  const { createEmbeddedStore } = await import('@weir/config-store/embedded')
  const { path } = weir.embedded
  await mkdir(dirname(path), { recursive: true })
  return createEmbeddedStore({ path, prefix: deployment.etcd.prefix })
}

/** For the summary; without user and password. */
export function describeStore(settings: Settings, directory: string): string {
  const { deployment, weir } = settings
  if (isApiDriven(settings)) return 'in memory, given through /apisix/admin/configs'
  const file = standaloneFile(settings, directory, process.env['APISIX_PROFILE'])
  if (file) return `file, ${file.path}`
  if (weir.store === 'embedded') return `embedded, ${weir.embedded.path}`
  return `etcd, ${deployment.etcd.host.map(withoutCredentials).join(' ')}, prefix ${deployment.etcd.prefix}`
}

function withoutCredentials(host: string): string {
  return host.replace(/\/\/[^@/]*@/, '//')
}
