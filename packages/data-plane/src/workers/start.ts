// Starts a data plane with as many serving threads as the settings want.
import { randomBytes, randomUUID } from 'node:crypto'
import { availableParallelism, hostname } from 'node:os'
import type { ConfigStore } from '@weir/config-store'
import type { Listener, Settings } from '@weir/contract'
import { allocateCounters } from '@weir/counters'
import { SecretRegistry } from '@weir/secrets'
import { plugins } from '@weir/plugins'
import { createAlerts, createMetrics, createWebhook, type Logger } from '@weir/telemetry'
import { createHealthRegistry, createHttpClient, createOrigins } from '@weir/upstream'
import { createServing } from './create-serving.ts'
import { DataPlane } from './data-plane.ts'
import { Feed } from './feed.ts'
import type { Crew } from './crew.ts'
import { MainThreadCrew } from './main-thread-crew.ts'
import { QuotaBooks } from './quota-books.ts'
import { metricsShape } from './metrics-shape.ts'
import { Registration } from './registration.ts'
import { trustCertificates } from '@weir/upstream/trusted-certificates'
import { assertFree, isAvailable, type ListenAddress } from '../server/index.ts'
import { WorkerPool } from './worker-pool.ts'

export interface DataPlaneOptions {
  readonly settings: Settings
  /** Stays the caller's: closing the data plane leaves it open. */
  readonly store: ConfigStore
  /** Names of the enabled plugins; undefined enables all. */
  readonly enabledPlugins: readonly string[] | undefined
  /** URLs of modules that hold the user's own plugins. */
  readonly pluginModules: readonly string[]
  readonly version: string
  /** Of this instance (contract: etcd.md §7); made up for this run when there is none. */
  readonly instanceId?: string | undefined
  /** Of the etcd behind the store, for the control API. */
  readonly etcdVersion?: (() => string) | undefined
  /** Begins to read the settings' list of plugins again, for the control API. */
  readonly reload?: (() => void) | undefined
  readonly log: Logger
}

/**
 * Listens whether the store can be reached or not: until it can, requests are answered 404.
 * @throws Error with a sentence for the terminal, when a port or a plugin module cannot be had.
 */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const { settings, store, log, pluginModules, enabledPlugins } = options
  trustCertificates(settings.apisix.ssl.ssl_trusted_certificate)
  const { worker_processes } = settings.nginx_config
  const count = worker_processes === 'auto' ? availableParallelism() : worker_processes
  const alerts = createAlerts({ log, webhook: openWebhook(settings, log) })
  const health = createHealthRegistry({ alerts })
  const feed = new Feed()
  const metrics = createMetrics({ shape: metricsShape(settings) })
  const setup = {
    settings,
    prefix: store.prefix,
    pluginModules,
    enabledPlugins,
    counters: allocateCounters(),
    ticketSeed: settings.apisix.ssl.ssl_session_tickets ? randomBytes(TICKET_SEED_BYTES) : undefined,
  }
  const addresses = await listenAddresses(settings, log)
  const secrets = new SecretRegistry({
    http: createHttpClient(createOrigins()),
    environment: process.env,
    trustedCertificates: settings.apisix.ssl.ssl_trusted_certificate,
    times: settings.apisix.lru.secret,
    log,
  })
  let crew: Crew | undefined
  const identity = {
    id: options.instanceId ?? randomUUID(),
    hostname: hostname(),
    version: options.version,
    boot_time: Math.floor(Date.now() / 1000 - process.uptime()),
  }
  const registration = new Registration({ store, identity, applied: () => crew?.applied ?? [], log })
  const onApplied = () => registration.progressed()
  crew =
    count === 1
      ? new MainThreadCrew(
          await createServing({
            ...setup,
            log,
            metrics,
            alerts,
            health: (wanted) => health.acquire(wanted),
            secrets: secrets.link(),
            onApplied,
          }),
          addresses,
          metrics,
        )
      : new WorkerPool({ count, setup, addresses, feed, health, secrets, alerts, onApplied, log })
  const dataPlane = new DataPlane({
    settings,
    store,
    crew,
    plugins: { names: enabledPlugins, modules: pluginModules },
    feed,
    health,
    secrets,
    identity,
    registration,
    quotas: new QuotaBooks({
      prefix: store.prefix,
      settings,
      plugins,
      counters: setup.counters,
      entries: () => feed.entries,
      findSecret: (reference) => secrets.find(reference),
    }),
    metrics,
    version: options.version,
    etcdVersion: options.etcdVersion,
    reload: options.reload,
    log,
  })
  await dataPlane.start()
  return dataPlane
}

const TICKET_SEED_BYTES = 32
const anyIpv6 = '::'

/** The default address for TLS is given up when somebody else has it; a configured one must be free. */
async function listenAddresses({ apisix }: Settings, log: Logger): Promise<readonly ListenAddress[]> {
  const hasIpv6 = await isAvailable(anyIpv6)
  const addressesOf = ({ ip, port, with_ipv6 }: Listener) =>
    [ip, ...(with_ipv6 && hasIpv6 && port !== 0 ? [anyIpv6] : [])].map((one) => ({ ip: one, port }))
  const plain = apisix.node_listen.flatMap(addressesOf)
  if (!apisix.ssl.enable) return plain
  const secure = apisix.ssl.listen.flatMap(addressesOf).map((one) => ({ ...one, tls: true }))
  if (apisix.ssl.listens_by_default) {
    try {
      await assertFree(secure)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn('the default port for TLS is not free: only plain HTTP is served', { reason })
      return plain
    }
  }
  return [...plain, ...secure]
}

function openWebhook({ weir }: Settings, log: Logger) {
  const { webhook, headers } = weir.alerts
  if (webhook === undefined) return undefined
  return createWebhook({ url: webhook, headers, http: createHttpClient(createOrigins()), log })
}
