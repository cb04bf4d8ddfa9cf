// The plugin server-info of APISIX, where config.yaml names it: who this gateway is, in the store for as long as it
// runs (contract: etcd.md §7).
import type { ConfigStore } from '@weir/config-store'
import type { Settings } from '@weir/contract'
import type { Logger } from '@weir/telemetry'
import type { ServerInfo } from './control/server-info.ts'

const TTL_SECONDS_DEFAULT = 60
const TTL_SECONDS_MIN = 3
const TTL_SECONDS_MAX = 86_400

/** The ttl of the key in seconds; undefined when the plugin is not wanted. A data plane alone only reads its store. */
export function serverInfoTtl({ deployment, plugins, plugin_attr }: Settings): number | undefined {
  if (!plugins?.includes('server-info') || deployment.role === 'data_plane') return undefined
  if (deployment.config_provider !== 'etcd') return undefined
  const seconds = Number(plugin_attr['server-info']?.['report_ttl'] ?? TTL_SECONDS_DEFAULT)
  if (!Number.isInteger(seconds)) return TTL_SECONDS_DEFAULT
  return Math.min(TTL_SECONDS_MAX, Math.max(TTL_SECONDS_MIN, seconds))
}

/** Writes at once and at every half of the ttl; the returned function ends that. */
export function reportServerInfo(
  store: ConfigStore,
  info: ServerInfo,
  ttlSeconds: number,
  log: Logger,
): () => void {
  const key = `/data_plane/server_info/${info.id}`
  const write = () => {
    store.put(key, JSON.stringify(info), { ttlSeconds }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn('server info cannot be written', { key, reason })
    })
  }
  write()
  const timer = setInterval(write, (ttlSeconds * 1000) / 2)
  return () => clearInterval(timer)
}
