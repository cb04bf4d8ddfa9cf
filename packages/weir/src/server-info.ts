// The key `/data_plane/server_info/<id>`, which APISIX's plugin server-info keeps in etcd (contract: etcd.md §7).
import { hostname } from 'node:os'
import type { ConfigStore } from '@weir/config-store'
import type { Settings } from '@weir/contract'
import type { Logger } from '@weir/telemetry'
import type { EtcdVersion } from './etcd-version.ts'

const PLUGIN = 'server-info'
/** Of the APISIX whose behaviour this is: tools decide by it what they may ask for. */
const APISIX_VERSION = '3.18.0'
const MS_PER_SECOND = 1000

export interface ServerInfoOptions {
  readonly settings: Settings
  readonly store: ConfigStore
  readonly id: string
  readonly etcd: EtcdVersion
  readonly log: Logger
}

/** Whether the settings want it: the plugin is listed, and this role writes to its etcd. */
export function reportsServerInfo({ plugins = [], deployment, weir }: Settings): boolean {
  return (
    plugins.includes(PLUGIN) &&
    deployment.role !== 'data_plane' &&
    deployment.config_provider === 'etcd' &&
    weir.store === 'etcd'
  )
}

/** Writes the key now and twice in its lifetime, until the returned function is called. Then it expires. */
export function reportServerInfo({ settings, store, id, etcd, log }: ServerInfoOptions): () => void {
  const ttlSeconds = ttlOf(settings)
  const boot_time = Math.floor(Date.now() / MS_PER_SECOND - process.uptime())
  let isFailing = false

  async function write(): Promise<void> {
    const info = { id, hostname: hostname(), version: APISIX_VERSION, boot_time, etcd_version: etcd.current }
    try {
      await store.put(`/data_plane/server_info/${id}`, JSON.stringify(info), { ttlSeconds })
      isFailing = false
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!isFailing) log.error('failed to report server info to etcd', { reason })
      isFailing = true
    }
  }

  const timer = setInterval(() => void write(), (ttlSeconds * MS_PER_SECOND) / 2).unref()
  void write()
  return () => clearInterval(timer)
}

function ttlOf({ plugin_attr }: Settings): number {
  const ttl = plugin_attr[PLUGIN]?.['report_ttl']
  return typeof ttl === 'number' ? Math.min(Math.max(Math.trunc(ttl), TTL_MIN), TTL_MAX) : TTL_DEFAULT
}

/** Seconds. */
const TTL_DEFAULT = 60
const TTL_MIN = 3
const TTL_MAX = 86_400
