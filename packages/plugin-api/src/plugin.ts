// What a plugin is, and what it does: the one interface behind every folder of packages/plugins.
import type { AddressSet } from '@weir/contract'
import type { CounterStores } from '@weir/counters'
import type { LlmAnswer } from '@weir/llm'
import type { Alerts, Logger, Metrics } from '@weir/telemetry'
import type { HealthView, HealthWanted, HttpClient, Origins, Resolver } from '@weir/upstream'
import type { RequestContext } from './context.ts'
import type { Consumer, ConsumerLookup } from './consumer.ts'
import type { QuotaAccount, QuotaFamily, QuotaPlace, QuotaSource } from './quota.ts'
import type { GatewayResponse, Reply, RequestSummary } from './response.ts'
import type { Stage } from './stage.ts'

export type Awaitable<T> = T | Promise<T>

/** The part of a compiled schema that plugins and planes need; `defineSchema` of @weir/contract makes them. */
export interface PluginSchema<Config> {
  readonly json: object
  check(value: unknown): string | undefined
  parse(
    value: unknown,
  ): { readonly ok: true; readonly value: Config } | { readonly ok: false; readonly error: string }
}

/** What a plugin is: facts about it, and a factory that runs once for each configuration. */
export interface Plugin<Config> {
  readonly name: string
  /** Higher runs earlier (routing.md §7). */
  readonly priority: number
  readonly version?: number
  /** `auth` plugins identify a consumer and may stand on consumers and credentials. */
  readonly type?: 'auth'
  /** Whether it may stand on credentials, where APISIX has `auth` plugins alone. */
  readonly onCredentials?: boolean
  /** In a global rule, stands back when the route has the same plugin (prometheus; routing.md §6). */
  readonly preferRoute?: boolean
  readonly schema: PluginSchema<Config>
  /** The schema of the plugin's part in a consumer or credential, for `auth` plugins. */
  readonly consumerSchema?: PluginSchema<unknown>
  readonly metadataSchema?: PluginSchema<unknown>
  /** Dotted paths into `schema`'s document that are encrypted at rest (admin-api.md §9.1). */
  readonly encryptFields?: readonly string[]
  readonly consumerEncryptFields?: readonly string[]
  /** The member of the consumer configuration that must be unique (admin-api.md §5.4). */
  readonly uniqueAttribute?: string
  /** What a schema cannot say; returns the complaint. */
  check?(config: Config): string | undefined
  create(config: Config, host: PluginHost): PluginInstance
  /** The quota accounts that follow from a configuration, for those who read and repair them. */
  quotaAccounts?(config: Config, place: QuotaPlace): readonly QuotaAccount[]
  /** The same where requests name the accounts. `resourceKey` is that of the document. */
  quotaFamilies?(config: Config, resourceKey: string): readonly QuotaFamily[]
}

/** What a plugin does: the phases it takes part in, in the order a request meets them. */
export interface PluginInstance {
  /** Runs at the plugin's turn within `rewrite`. A `Consumer` authenticates, a `Reply` refuses. */
  authenticate?(ctx: RequestContext): Awaitable<Consumer | Reply | undefined>
  rewrite?(ctx: RequestContext): Awaitable<Reply | undefined>
  access?(ctx: RequestContext): Awaitable<Reply | undefined>
  /** The accounts under which a request to an LLM is metered; see quota.ts. */
  quota?: QuotaSource
  /** Answers the request in place of the route's upstream; at most one per chain, the first in order. */
  proxy?(ctx: RequestContext): Awaitable<GatewayResponse>
  /** A complete, non-streamed answer (`GatewayResponse.answer`) before its head is sent. A `Reply` takes its place. */
  llmResponse?(ctx: RequestContext, answer: LlmAnswer): Awaitable<Reply | undefined>
  /** Headers of any response, the upstream's or our own, before they are sent. */
  headerFilter?(ctx: RequestContext, response: GatewayResponse): void
  /** Only to see or change a streamed body: without a stage bytes go from socket to socket. */
  stage?(ctx: RequestContext, response: GatewayResponse): Stage | undefined
  /** As `stage`, behind those of all plugins: it sees the stream that the client gets. */
  tap?(ctx: RequestContext, response: GatewayResponse): Stage | undefined
  /** After the response; cannot delay it. */
  log?(ctx: RequestContext, summary: RequestSummary): void
  dispose?(): void
}

/** Where a configuration stands: what its counters and health checkers are named after. */
export interface PluginOwner {
  /** `/apisix/routes/1`, `/apisix/consumers/jack` ...: the document that holds this configuration. */
  readonly resourceKey: string
  readonly kind:
    | 'route'
    | 'service'
    | 'plugin_config'
    | 'consumer'
    | 'credential'
    | 'consumer_group'
    | 'global_rule'
  /** Of a credential `<username>/credentials/<id>`. */
  readonly id: string
}

/** Everything outside a plugin that it may use. */
export interface PluginHost {
  readonly owner: PluginOwner
  readonly log: Logger
  readonly metrics: Metrics
  readonly alerts: Alerts
  readonly http: HttpClient
  /** Connections to upstreams, for plugins that answer in place of the route's own. */
  readonly origins: Origins
  /** Names to addresses, for plugins that check and choose addresses themselves. */
  readonly resolver: Resolver
  readonly counters: CounterStores
  readonly consumers: ConsumerLookup
  /** Settings of `weir:` that plugins may read. */
  readonly settings: PluginSettings
  /** Milliseconds since the epoch. */
  now(): number
  /** The metadata document of this plugin, if there is one. */
  metadata(): unknown
  /** The verdicts on a set of targets; checking starts with the first call and ends when nobody holds the view. */
  health(wanted: HealthWanted): HealthView
  /**
   * The same value across reloads while `key` and `fingerprint` are unchanged, so that balancers and learned
   * state survive edits that do not concern them. Disposed (if it has `dispose`) when no configuration uses it.
   */
  keep<T extends object>(key: string, fingerprint: string, create: () => T): T
  /**
   * `finish` is called, and waited for up to some seconds, when this thread ends: for what is still to be sent or
   * written. The returned function takes that back.
   */
  beforeEnd(finish: () => Promise<void>): () => void
}

export interface PluginSettings {
  /** Whether the credential with which a client authenticated here is forwarded to LLM providers. */
  readonly forwardClientCredentials: boolean
  /** Peers whose word on X-Forwarded-Proto, -Host and -Port counts (`apisix.trusted_addresses`); undefined: nobody's. */
  readonly trustedAddresses: AddressSet | undefined
}

/** Gives a plugin its type; the returned value is what packages/plugins lists. */
export function definePlugin<Config>(plugin: Plugin<Config>): Plugin<Config> {
  return plugin
}

/** A plugin of whatever configuration, as the list and both planes hold it. */
// The one place for `any`: a list holds plugins of every Config, and Config stands in both directions.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyPlugin = Plugin<any>
