// Puts together what one serving thread is made of.
import { createCounterStores, createLocalCounters } from '@weir/counters'
import { type AddressSet, parseAddressSet, type Settings } from '@weir/contract'
import { plugins as builtInPlugins } from '@weir/plugins'
import type { SecretLink } from '@weir/secrets'
import { type AccessLog, type Alerts, createAccessLog, type Logger, type Metrics } from '@weir/telemetry'
import {
  createCompiledUpstreams,
  createHttpClient,
  createOrigins,
  createResolver,
  type HealthView,
  type HealthWanted,
} from '@weir/upstream'
import { enabledNames, importPlugins } from '../config/user-plugins.ts'
import { toAccessEntry } from './access-entry.ts'
import { Endings } from './endings.ts'
import { observeStores } from './observe-stores.ts'
import { keepTicksFast } from './keep-ticks-fast.ts'
import { Serving } from './serving.ts'

/** What the threads of a process share, and what a thread was given of its own. */
export interface ServingParts {
  readonly settings: Settings
  /** The store's prefix. */
  readonly prefix: string
  /** URLs of modules that hold the user's own plugins. */
  readonly pluginModules: readonly string[]
  /** Names from the settings; undefined enables all. */
  readonly enabledPlugins: readonly string[] | undefined
  readonly counters: SharedArrayBuffer
  readonly log: Logger
  readonly metrics: Metrics
  readonly alerts: Alerts
  health(wanted: HealthWanted): HealthView
  readonly secrets: SecretLink
  /** What session tickets are made with, the same in all threads; undefined for none. */
  readonly ticketSeed: Uint8Array | undefined
  onApplied?: (() => void) | undefined
}

export interface ServingThread {
  readonly serving: Serving
  readonly accessLog: AccessLog | undefined
  /** Lets go of connections and files. */
  close(): Promise<void>
}

/** Milliseconds per second of the settings. */
const SECOND = 1000

/** @throws Error with a sentence when a plugin module cannot be used. */
export async function createServing(parts: ServingParts): Promise<ServingThread> {
  keepTicksFast()
  const { settings, log, metrics, alerts } = parts
  const { apisix, nginx_config, weir } = settings
  const own = await importPlugins(parts.pluginModules)
  const resolver = createResolver({
    servers: apisix.dns_resolver,
    timeoutMs: apisix.resolver_timeout * SECOND,
    validSeconds: apisix.dns_resolver_valid,
  })
  const origins = createOrigins({ lookup: resolver.lookup })
  const counters = createCounterStores(createLocalCounters(parts.counters), observeStores(metrics))
  const accessLog = nginx_config.http.enable_access_log
    ? createAccessLog({ path: weir.access_log.path, log })
    : undefined
  const trusted = trustedAddresses(settings)
  const endings = new Endings()
  const health = apisix.disable_upstream_healthcheck
    ? undefined
    : (wanted: HealthWanted) => parts.health(wanted)
  const serving = new Serving({
    settings,
    prefix: parts.prefix,
    plugins: [...builtInPlugins, ...own],
    enabledPlugins: enabledNames(parts.enabledPlugins, own),
    surroundings: {
      log,
      metrics,
      alerts,
      http: createHttpClient(origins),
      origins,
      resolver,
      counters,
      settings: { forwardClientCredentials: weir.forward_client_credentials, trustedAddresses: trusted },
      now: Date.now,
      beforeEnd: (finish) => endings.add(finish),
      health: health ?? (() => unchecked),
    },
    upstreams: createCompiledUpstreams({
      origins,
      resolver,
      health,
      trusted,
      keepAlive: {
        connections: nginx_config.http.upstream.keepalive,
        idleMs: nginx_config.http.upstream.keepalive_timeout * SECOND,
        requests: nginx_config.http.upstream.keepalive_requests,
      },
    }),
    secrets: parts.secrets,
    ticketSeed: parts.ticketSeed,
    onApplied: parts.onApplied,
    record: (ctx, summary) => accessLog?.write(toAccessEntry(ctx, summary)),
  })
  return {
    serving,
    accessLog,
    async close() {
      await endings.finish()
      await accessLog?.close()
      counters.close()
      await origins.close()
    },
  }
}

/** What is not checked is healthy (`apisix.disable_upstream_healthcheck`). */
const unchecked: HealthView = {
  isUsable: () => true,
  anyUsable: () => true,
  version: 0,
  report: () => {},
  release: () => {},
}

/** Absent: nobody is trusted more than others (etcd.md §9). */
function trustedAddresses({ apisix }: Settings): AddressSet | undefined {
  if (!apisix.trusted_addresses) return undefined
  const parsed = parseAddressSet(apisix.trusted_addresses)
  return parsed.ok ? parsed.value : undefined
}
