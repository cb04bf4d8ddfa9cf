// The data plane of this process: it follows the store, lets one or several threads serve, and answers operators.
import {
  type ConfigStore,
  type StoreChange,
  type Follower,
  type FollowerStatus,
  follow,
  type StoreEntry,
} from '@weir/config-store'
import { isApiDriven, type Settings } from '@weir/contract'
import {
  createExpiry,
  createMetricsServer,
  type LocalMetrics,
  type Logger,
  mergeSnapshots,
  type MetricsServer,
  renderMetrics,
} from '@weir/telemetry'
import type { SecretRegistry } from '@weir/secrets'
import type { HealthRegistry } from '@weir/upstream'
import { type ListenAddress, type LocalServer, startLocalServer, startStatusServer } from '../server/index.ts'
import type { PluginList } from '../config/user-plugins.ts'
import { answerControl } from './control-api.ts'
import type { Crew } from './crew.ts'
import { type Feed, toChanges } from './feed.ts'
import { expirySeconds, metricsShape } from './metrics-shape.ts'
import { writeNodeMetrics } from './node-metrics.ts'
import type { QuotaBooks } from './quota-books.ts'
import type { Identity, Registration } from './registration.ts'

export interface DataPlaneParts {
  readonly settings: Settings
  /** Stays the caller's: closing the data plane leaves it open. */
  readonly store: ConfigStore
  readonly crew: Crew
  readonly plugins: PluginList
  readonly feed: Feed
  readonly health: HealthRegistry
  readonly secrets: SecretRegistry
  readonly identity: Identity
  readonly registration: Registration
  readonly quotas: QuotaBooks
  /** Of the main thread; holds what concerns the whole process. */
  readonly metrics: LocalMetrics
  readonly version: string
  /** Of the etcd behind the store. */
  readonly etcdVersion?: (() => string) | undefined
  /** Begins to read the settings' list of plugins again. */
  readonly reload?: (() => void) | undefined
  readonly log: Logger
}

/**
 * How long listening waits for the first load, so that a restart answers no 404 for routes that exist. Where none
 * exist before somebody puts them there is nothing to wait for.
 */
const FIRST_LOAD_MS = 1000

const SECRETS = '/secrets/'

/** Without a change of the configuration. */
const SETTLE_MS = 500
/** A start is over then, whatever still changes. */
const STARTING_MS = 10_000
/** A larger heap would take too long to go through. */
const SETTLE_BYTES_MAX = 64 * 1024 * 1024

export class DataPlane {
  readonly #parts: DataPlaneParts
  readonly #follower: Follower
  #control: LocalServer | undefined
  #status: LocalServer | undefined
  #metrics: MetricsServer | undefined
  #addresses: readonly ListenAddress[] = []
  #storeStatus: FollowerStatus
  #wasReady = false
  #changedAt = 0
  #plugins: PluginList

  constructor(parts: DataPlaneParts) {
    this.#parts = parts
    this.#plugins = parts.plugins
    this.#follower = follow(parts.store, {
      onSnapshot: (entries, revision) => this.#load(entries, revision),
      onChanges: (changes, revision) => {
        this.#changedAt = performance.now()
        parts.feed.apply(changes, revision)
        this.#configureSecrets(changes)
        parts.crew.apply(changes, revision)
        parts.registration.heard(changes)
      },
      onStatus: (status) => this.#reportStore(status),
    })
    this.#storeStatus = this.#follower.status
  }

  /** Where requests are taken. */
  get addresses(): readonly ListenAddress[] {
    return this.#addresses
  }

  /** Where operators are answered; undefined where the settings want no server. */
  get operatorPorts() {
    return {
      control: this.#control?.address.port,
      status: this.#status?.address.port,
      metrics: this.#metrics?.port,
    }
  }

  /** Rejects with a reason fit for the terminal, and then nothing listens. */
  async start(): Promise<void> {
    const { settings, crew } = this.#parts
    const { enable_control, control, status } = settings.apisix
    const { prometheus } = settings.plugin_attr
    try {
      const waitMs = isApiDriven(settings) ? 0 : FIRST_LOAD_MS
      await Promise.race([this.#follower.initialized, pause(waitMs)])
      this.#addresses = await crew.listen()
      if (enable_control) {
        this.#control = await startLocalServer(control, (request) => answerControl(this.#sources(), request))
      }
      if (prometheus.enable_export_server) this.#metrics = await this.#serveMetrics()
      // The last one, so that whoever gets an answer from it can be sure of the others.
      if (status) this.#status = await startStatusServer(status, () => this.#firstUnready())
      this.#settleLater(performance.now() + STARTING_MS)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  enablePlugins(enabled: readonly string[] | undefined): void {
    this.#plugins = { ...this.#plugins, names: enabled }
    this.#parts.crew.enablePlugins(enabled)
  }

  /** Opens the access log anew, after its file was moved away. */
  reopenLogs(): void {
    this.#parts.crew.reopenLogs()
  }

  /** Takes nothing new and lets what is under way finish. Resolves with the number of requests that were cut. */
  drain(timeoutMs: number): Promise<number> {
    return this.#parts.crew.drain(timeoutMs)
  }

  /** Ends requests under way at once. */
  cut(): void {
    this.#parts.crew.cut()
  }

  async close(): Promise<void> {
    this.#follower.close()
    await this.#parts.registration.close()
    this.#control?.close()
    this.#parts.quotas.close()
    this.#status?.close()
    await this.#metrics?.close()
    await this.#parts.crew.close()
    this.#parts.health.close()
    this.#parts.secrets.close()
  }

  #settleLater(deadline: number): void {
    const settle = () => {
      const now = performance.now()
      if (now - this.#changedAt >= SETTLE_MS || now > deadline) this.#settle()
      else this.#settleLater(deadline)
    }
    setTimeout(settle, SETTLE_MS).unref()
  }

  /** Starting leaves behind garbage of the size of what stays, which V8 would keep for as long as nothing happens. */
  #settle(): void {
    if (process.memoryUsage().heapUsed < SETTLE_BYTES_MAX) this.#parts.crew.collectGarbage()
  }

  #serveMetrics(): Promise<MetricsServer> {
    const { settings } = this.#parts
    const { export_addr, export_uri, metric_prefix } = settings.plugin_attr.prometheus
    const shape = metricsShape(settings)
    const hasStore = settings.deployment.config_provider === 'etcd'
    const expire = createExpiry(expirySeconds(settings))
    return createMetricsServer({
      ip: export_addr.ip,
      port: export_addr.port,
      path: export_uri,
      collect: async () => {
        const { crew, metrics, feed, health, version } = this.#parts
        const storeIsReachable = hasStore ? this.#storeStatus.reachable : undefined
        writeNodeMetrics(metrics, { feed, storeIsReachable, checkers: health.list(), version })
        const others = await crew.collect()
        const snapshots = [metrics.snapshot(), ...others]
        return renderMetrics(expire(mergeSnapshots(snapshots)), { prefix: metric_prefix, shape })
      },
    })
  }

  #load(entries: readonly StoreEntry[], revision: number): void {
    const changes = toChanges(entries)
    this.#parts.feed.load(entries, revision)
    this.#configureSecrets(changes)
    this.#parts.crew.apply(changes, revision)
    // Where nothing is stored nobody could read it.
    if (this.#parts.settings.deployment.config_provider === 'etcd') this.#parts.registration.begin(revision)
  }

  /** First of all, so that what refers to a manager finds it. */
  #configureSecrets(changes: readonly StoreChange[]): void {
    for (const change of changes) {
      if (!change.key.startsWith(SECRETS) || change.key === SECRETS) continue
      const text = change.type === 'put' ? change.entry.value : undefined
      this.#parts.secrets.configure(change.key.slice(SECRETS.length), text)
    }
  }

  /** Once all workers were ready the process stays so, whatever becomes of the store or of one worker (etcd.md §8). */
  #firstUnready(): number | undefined {
    if (this.#wasReady) return undefined
    if (!this.#parts.feed.loaded) return 0
    const unready = this.#parts.crew.applied.findIndex(({ isLoaded }) => !isLoaded)
    this.#wasReady = unready < 0
    return this.#wasReady ? undefined : unready
  }

  #reportStore(status: FollowerStatus): void {
    const { log } = this.#parts
    const was = this.#storeStatus
    this.#storeStatus = status
    if (status.reachable && !was.reachable)
      log.info('the configuration store is reachable', { revision: status.revision })
    if (!status.reachable)
      log.error('the configuration store cannot be reached', { reason: status.lastError })
  }

  #sources() {
    const { store, identity, feed, crew, health } = this.#parts
    const { reachable, lastError } = this.#storeStatus
    return {
      prefix: store.prefix,
      identity,
      etcdVersion: () => this.#parts.etcdVersion?.() ?? 'unknown',
      feed,
      plugins: () => this.#plugins,
      applied: () => crew.applied,
      collectGarbage: () => crew.collectGarbage(),
      reload: () => this.#parts.reload?.(),
      quotas: this.#parts.quotas,
      checkers: () => health.list(),
      store: () => ({ reachable, ...(lastError !== undefined && { lastError }) }),
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref())
}
