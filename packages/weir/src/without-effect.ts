// Settings that APISIX has, that are accepted, and that change nothing in this build.
import { isDeepStrictEqual } from 'node:util'
import { parseSettings, type Settings } from '@weir/contract'
import { plugins } from '@weir/plugins'

const paths: readonly string[] = [
  'apisix.enable_http2',
  'apisix.enable_reuseport',
  'apisix.router.ssl',
  'apisix.enable_resolv_search_opt',
  // Secrets are kept as long as the configuration refers to them.
  'apisix.lru.secret.count',
  'apisix.lru.secret.neg_count',
  'apisix.tracing',
  'apisix.disable_sync_configuration_during_start',
  'apisix.worker_startup_time_threshold',
  'deployment.etcd.watch_timeout',
  'deployment.etcd.resync_delay',
  'deployment.etcd.health_check_timeout',
  'deployment.etcd.startup_retry',
  'deployment.admin.enable_admin_ui',
  'nginx_config.worker_shutdown_timeout',
  'nginx_config.http.access_log',
  'nginx_config.http.access_log_format',
  'nginx_config.http.access_log_format_escape',
  'nginx_config.http.underscores_in_headers',
  'plugin_attr.prometheus.refresh_interval',
  'graphql',
  'stream_plugins',
]

/** These concern a store, which the standalone modes have none of. */
const ofStores: readonly string[] = ['apisix.data_encryption', 'deployment.etcd']

/** Those that are read although the build has no plugin of the name. */
const readElsewhere = new Set(['prometheus', 'server-info'])

function attributesInVain({ plugin_attr }: Settings): readonly string[] {
  const built = new Set(plugins.map(({ name }) => name))
  return Object.keys(plugin_attr)
    .filter((name) => !built.has(name) && !readElsewhere.has(name))
    .map((name) => `plugin_attr.${name}`)
}

function http3InVain({ apisix }: Settings): readonly string[] {
  return apisix.ssl.listen.some(({ enable_http3 }) => enable_http3) ? ['apisix.ssl.listen.enable_http3'] : []
}

/** Names of settings that were given in vain: unknown ones, and those above where they differ from the default. */
export function withoutEffect(settings: Settings): readonly string[] {
  const defaults = parseSettings('', {})
  const isStandalone = settings.deployment.config_provider !== 'etcd'
  const candidates = isStandalone ? [...paths, ...ofStores] : paths
  const changed = candidates.filter((path) => !isDeepStrictEqual(at(settings, path), at(defaults, path)))
  return [...settings.ignored, ...changed, ...http3InVain(settings), ...attributesInVain(settings)]
}

function at(settings: Settings, path: string): unknown {
  let value: unknown = settings
  for (const name of path.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  }
  return value
}
