// Runs the planes of one process from the start to the drain.
import type { ControlPlane } from '@weir/control-plane'
import type { ConfigStore } from '@weir/config-store'
import type { Settings } from '@weir/contract'
import type { DataPlane } from '@weir/data-plane'
import type { QuotaServer, QuotaServerOptions } from '@weir/data-plane/quotas'
import { reportStrayRejections } from '@weir/data-plane/stray-rejections'
import { createLogger, type Logger } from '@weir/telemetry'
import type { Command } from './command-line.ts'
import { type EtcdVersion, watchEtcdVersion } from './etcd-version.ts'
import { instanceId } from './instance-id.ts'
import { openStore } from './open-store.ts'
import { choosePlugins } from './plugins.ts'
import { type ConfigFile, SettingsReader } from './read-settings.ts'
import { reload } from './reload.ts'
import { reportServerInfo, reportsServerInfo } from './server-info.ts'
import { adminKeyFile, summarize } from './summary.ts'
import { product, version } from './version.ts'

/** What runs in this process; a role may lack the one or the other plane. */
export interface Planes {
  readonly settings: Settings
  readonly store: ConfigStore
  readonly control: ControlPlane | undefined
  readonly data: DataPlane | undefined
  /** The control API of a control plane alone. */
  readonly quotas: QuotaServer | undefined
  readonly etcd: EtcdVersion
  readonly log: Logger
}

/** Resolves when everything has ended, with the exit status. @throws Error with a sentence when it cannot start. */
export async function run(command: Command, file: ConfigFile): Promise<number> {
  const reader = new SettingsReader(command, file)
  const planes = await start(await reader.read(), reader)
  const { settings, store, control, data, etcd, log } = planes
  const endReports = reportsServerInfo(settings)
    ? reportServerInfo({ settings, store, id: await instanceId(settings, file.directory), etcd, log })
    : undefined
  process.on('SIGHUP', () => void reload(planes, reader))
  process.on('SIGUSR1', () => data?.reopenLogs())
  const told = untilTold(() => data?.cut())
  const summary = summarize({ settings, config: file, admin: control?.address, data })
  process.stdout.write(`${summary}\n`)
  await told
  log.info('ending: no new requests are taken', { drain_timeout: settings.weir.drain_timeout })
  const cut = (await data?.drain(settings.weir.drain_timeout * MS_PER_SECOND)) ?? 0
  if (cut > 0) log.warn('requests were cut at the end', { requests: cut })
  endReports?.()
  await stop(planes)
  return 0
}

const MS_PER_SECOND = 1000

async function start(settings: Settings, reader: SettingsReader): Promise<Planes> {
  const { role } = settings.deployment
  let planes: Planes | undefined
  const log = createLogger({ level: 'info' })
  reportStrayRejections(log)
  const plugins = await choosePlugins(settings, reader.directory)
  if (plugins.unknown.length > 0)
    log.warn('plugins that nobody knows are listed in config.yaml', { plugins: plugins.unknown.join(', ') })
  const opened = await openStore(settings, reader.directory, log)
  const { store } = opened
  const etcd = watchEtcdVersion(store, log)
  let control: ControlPlane | undefined
  try {
    if (role === 'control_plane' || (role === 'traditional' && settings.apisix.enable_admin)) {
      const { startControlPlane, startStandaloneControlPlane } = await import('@weir/control-plane')
      const options = {
        settings: withNames(settings, plugins.names),
        plugins: plugins.enabled,
        log,
        keyFile: adminKeyFile(settings),
        product,
        readPlugins: async () => {
          const { names, enabled } = await choosePlugins(await reader.read(), reader.directory)
          return { names, plugins: enabled }
        },
      }
      control = opened.isApiDriven
        ? await startStandaloneControlPlane({ ...options, store: opened.store })
        : await startControlPlane({ ...options, store })
    }
    if (role === 'control_plane') {
      const quotas = settings.apisix.enable_control
        ? await startQuotas({ settings, store, plugins: plugins.enabled, log })
        : undefined
      return { settings, store, control, data: undefined, quotas, etcd, log }
    }
    const { startDataPlane } = await import('@weir/data-plane')
    const data = await startDataPlane({
      settings,
      store,
      enabledPlugins: plugins.list.names,
      pluginModules: plugins.list.modules,
      version,
      instanceId: await instanceId(settings, reader.directory),
      etcdVersion: () => etcd.current,
      reload: () => planes && void reload(planes, reader),
      log,
    })
    planes = { settings, store, control, data, quotas: undefined, etcd, log }
    return planes
  } catch (error) {
    etcd.close()
    await control?.close()
    await store.close()
    throw error
  }
}

/** The control plane tells data planes names, not modules. */
function withNames(settings: Settings, names: readonly string[] | undefined): Settings {
  return names ? { ...settings, plugins: names } : settings
}

async function startQuotas(options: QuotaServerOptions): Promise<QuotaServer | undefined> {
  const { startQuotaServer } = await import('@weir/data-plane/quotas')
  return startQuotaServer(options)
}

async function stop({ control, data, quotas, etcd, store }: Planes): Promise<void> {
  quotas?.close()
  etcd.close()
  await control?.close()
  await data?.close()
  await store.close()
}

/** Resolves at the first SIGTERM or SIGINT; each later one calls `again`. */
function untilTold(again: () => void): Promise<void> {
  return new Promise((resolve) => {
    let told = false
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      process.on(signal, () => {
        if (told) again()
        told = true
        resolve()
      })
    }
  })
}
