// What one thread does: it holds the configuration in force and serves requests with it.
import type { StoreChange } from '@weir/config-store'
import {
  createCipher,
  decryptFields,
  decryptPrivateKey,
  parseAddressSet,
  type Settings,
} from '@weir/contract'
import type { AnyPlugin, RequestContext, RequestSummary } from '@weir/plugin-api'
import { SecretClient, type SecretLink } from '@weir/secrets'
import { Configuration, PluginCatalog, type PluginSurroundings, type Rejection } from '../config/index.ts'
import type { CompiledUpstreams } from '@weir/upstream'
import { ChangeQueue } from './change-queue.ts'
import { FirstLoad } from './first-load.ts'
import { handleRequest, type RealIp, type Services } from '../pipeline/index.ts'
import { normalizePath } from '../router/index.ts'
import { APISIX_VERSION } from '../server/apisix-version.ts'
import { type ListenAddress, ProxyServer, type ServerLimits, type Traffic } from '../server/index.ts'

export interface ServingOptions {
  readonly settings: Settings
  /** The store's prefix. */
  readonly prefix: string
  readonly plugins: readonly AnyPlugin[]
  readonly enabledPlugins: readonly string[] | undefined
  readonly surroundings: PluginSurroundings
  readonly upstreams: CompiledUpstreams
  readonly secrets: SecretLink
  /** What session tickets are made with; undefined for none. */
  readonly ticketSeed: Uint8Array | undefined
  record(ctx: RequestContext, summary: RequestSummary): void
  /** After each step of the configuration. */
  onApplied?: (() => void) | undefined
}

/** How far a thread has come. */
export interface Applied {
  /** Whether a first load has been applied, be it empty. */
  readonly isLoaded: boolean
  readonly revision: number
  readonly rejected: readonly Rejection[]
}

const APISIX = `APISIX/${APISIX_VERSION}`

export class Serving {
  readonly configuration: Configuration
  readonly #catalog: PluginCatalog
  readonly #server: ProxyServer
  #draining = false
  readonly #changes: ChangeQueue
  readonly #firstLoad = new FirstLoad()
  readonly #onApplied: (() => void) | undefined

  constructor(options: ServingOptions) {
    const { settings, surroundings } = options
    const { log } = surroundings
    this.#onApplied = options.onApplied
    this.#catalog = new PluginCatalog({
      plugins: options.plugins,
      enabled: options.enabledPlugins,
      ignored: settings.weir.unsupported_plugins.ignore,
    })
    const secrets = new SecretClient(options.secrets, (references) => {
      this.#recheck(this.configuration.usersOf(references))
    })
    const trusted = surroundings.settings.trustedAddresses
    const isStandalone = settings.deployment.config_provider !== 'etcd'
    const cipher = createCipher(settings.apisix.data_encryption.keyring)
    this.configuration = new Configuration({
      prefix: options.prefix,
      router: settings.apisix.router.http,
      paths: settings.apisix,
      fallbackName: settings.apisix.ssl.fallback_sni,
      parse: {
        catalog: this.#catalog,
        // Nothing is encrypted where no store keeps it (admin-api.md §9.1).
        decrypt: isStandalone
          ? (config) => config
          : (config, fields) => decryptFields(config, fields, cipher),
        refusesUnknown: isStandalone,
        decryptKey: (key) => decryptPrivateKey(key, cipher),
        environment: process.env,
        warn: (message) => log.warn(message),
      },
      secrets,
      plugins: surroundings,
      upstreams: options.upstreams,
      log,
      leavesOutBad: isStandalone,
    })
    this.#changes = new ChangeQueue((changes, revision) => {
      this.configuration.apply(changes, revision)
      this.#progressed()
    })
    const services: Services = {
      runtime: this.configuration,
      log,
      record: (ctx, summary) => options.record(ctx, summary),
      serverHeader: settings.apisix.enable_server_tokens ? APISIX : 'APISIX',
      showUpstreamStatus: settings.apisix.show_upstream_status_in_response_header,
      exposeTimings: settings.weir.expose_timings,
      bodyVariablesBytesMax: (settings.apisix.max_post_args_readable_size || Infinity) * MEBIBYTE,
      draining: () => this.#draining,
    }
    this.#server = new ProxyServer({
      limits: limitsOf(settings),
      realIp: realIpOf(settings),
      normalize: (rawPath) => normalizePath(rawPath, settings.apisix)?.path,
      handle: (request, reply) => {
        // A chain of addresses that a stranger tells is nobody's word, to rules as little as to upstreams (etcd.md §9).
        if (trusted && !trusted.has(request.peerAddress)) request.headers['x-forwarded-for'] = undefined
        reply.stay = this.configuration.enter()
        void handleRequest(request, reply, services)
      },
      over: (reply) => {
        if (reply.stay) this.configuration.leave(reply.stay)
      },
      serverHeader: services.serverHeader,
      tls: settings.apisix.ssl.enable
        ? {
            protocols: settings.apisix.ssl.ssl_protocols,
            ciphers: settings.apisix.ssl.ssl_ciphers,
            ticketSeed: options.ticketSeed,
            certificateFor: (serverName) => this.configuration.certificates.find(serverName),
          }
        : undefined,
    })
  }

  get applied(): Applied {
    const { revision, rejected } = this.configuration
    return { isLoaded: this.#firstLoad.isOver, revision, rejected }
  }

  apply(changes: readonly StoreChange[], revision: number): void {
    this.#changes.add(changes, revision)
  }

  enablePlugins(enabled: readonly string[] | undefined): void {
    this.#catalog.configure(enabled)
    this.configuration.reload()
  }

  /** `reusePort` when other threads listen on the same addresses. */
  async listen(addresses: readonly ListenAddress[], reusePort: boolean): Promise<readonly ListenAddress[]> {
    await this.#changes.idle()
    if (this.#firstLoad.isWaiting) await this.#firstLoad.wait(SECRETS_MS)
    return this.#server.listen(addresses, reusePort)
  }

  get traffic(): Traffic {
    return this.#server.traffic
  }

  /** Resolves with the number of requests that had to be cut. */
  drain(timeoutMs: number): Promise<number> {
    this.#draining = true
    return this.#server.drain(timeoutMs)
  }

  cut(): void {
    this.#server.cut()
  }

  #progressed(): void {
    // Until the whole first load is applied, what is there is a piece of it.
    if (!this.#firstLoad.isOver && this.#changes.isIdle) this.#firstLoad.applied(this.configuration.isWaiting)
    this.#onApplied?.()
  }

  /** A few at a time, so that requests are served in between. */
  #recheck(keys: readonly string[]): void {
    this.configuration.recheck(keys.slice(0, RECHECKS))
    this.#progressed()
    if (keys.length > RECHECKS) setImmediate(() => this.#recheck(keys.slice(RECHECKS)))
  }
}

/** How long listening waits for secrets, so that a restart refuses nothing that it is about to serve. */
const SECRETS_MS = 1000
/** Documents that are checked again in one turn of the event loop when their secrets change. */
const RECHECKS = 200

const MS_PER_SECOND = 1000
const MEBIBYTE = 1_048_576

function limitsOf({ nginx_config: { event, http }, weir }: Settings): ServerLimits {
  return {
    headerBytesMax: weir.limits.header_size,
    headersMax: weir.limits.header_count,
    bodyBytesMax: http.client_max_body_size,
    connectionsMax: event.worker_connections,
    headTimeoutMs: http.client_header_timeout * MS_PER_SECOND,
    keepAliveMs: http.keepalive_timeout * MS_PER_SECOND,
    timeouts: {
      bodyMs: http.client_body_timeout * MS_PER_SECOND,
      sendMs: http.send_timeout * MS_PER_SECOND,
    },
  }
}

/** undefined where nobody's word counts, or where it comes with the PROXY protocol, which is not spoken here. */
function realIpOf({ nginx_config: { http } }: Settings): RealIp | undefined {
  const { real_ip_header: header, real_ip_recursive: recursive, real_ip_from: from } = http
  const parsed = parseAddressSet(from.filter((entry) => entry !== 'unix:'))
  if (!parsed.ok || header === 'proxy_protocol') return undefined
  return { header: header.toLowerCase(), from: parsed.value, recursive }
}
