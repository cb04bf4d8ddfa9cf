// What the pipeline needs of the configuration, and nothing more: config/ makes these, handle-request.ts uses them.
import type { CompiledExpr } from '@weir/contract'
import type {
  AnyPlugin,
  Consumer,
  GatewayResponse,
  PluginInstance,
  Reply,
  RequestContext,
  RouteFacts,
} from '@weir/plugin-api'

/** `_meta` of a plugin configuration (routing.md §6), compiled. `disable` is gone: such entries are not made. */
export interface PluginMeta {
  readonly priority: number | undefined
  readonly filter: CompiledExpr | undefined
  readonly errorResponse: string | object | undefined
}

/** One plugin configuration in force. The same entry may stand in many chains. */
export interface ChainEntry {
  readonly plugin: AnyPlugin
  readonly meta: PluginMeta | undefined
  /** Created on first use and then the same, so every chain shares one balancer, one set of counters. */
  instance(): PluginInstance
}

/** What forwards to an ordinary upstream; throws GatewayError when there is none to be had. */
export interface PlainUpstream {
  forward(ctx: RequestContext): Promise<GatewayResponse>
}

/** A route as it is in force: merged with its service and plugin_config. */
export interface CompiledRoute {
  readonly entries: readonly ChainEntry[]
  /**
   * The entries when `consumer` calls: its group's and its own override by name. `undefined` when they add
   * nothing. A Reply when the consumer's group is unknown (503). A changed consumer, credential or group is
   * a new `Consumer` object, so what is cached under the object is never stale.
   */
  entriesFor(consumer: Consumer): readonly ChainEntry[] | Reply | undefined
  /** undefined: neither upstream nor upstream_id is configured. */
  readonly upstream: PlainUpstream | undefined
  /** Why every request to this route is refused (a missing reference, a plugin this build does not run). */
  readonly problem: Reply | undefined
  readonly enableWebsocket: boolean
}

export interface Match {
  readonly route: CompiledRoute
  /** The route's, with the pattern and the host that matched. */
  readonly facts: RouteFacts
  /** `uri_param_<name>`. */
  readonly params: Readonly<Record<string, string>> | undefined
}

/** What a worker serves from. Every read within one turn of the event loop sees the same configuration. */
export interface Runtime {
  match(ctx: RequestContext): Match | undefined
  /** The plugins of all global rules. A new array whenever one of them changed. */
  readonly globalEntries: readonly ChainEntry[]
}
