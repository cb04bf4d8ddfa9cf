// What ai-proxy and ai-proxy-multi configure, in one shape. Members keep their names from the configuration.
import type { HealthCheck } from '@weir/contract'
import type { JsonObject, ProviderConf } from '@weir/llm'
import type { AwsCredentials } from './credentials/aws-signer.ts'
import type { GcpSettings } from './credentials/gcp-tokens.ts'
import type { SemanticSettings } from './semantic/semantic-picker.ts'

export interface InstanceSettings {
  readonly name: string
  readonly provider: string
  readonly weight: number
  /** Higher first. */
  readonly priority: number
  readonly auth: {
    readonly header?: Readonly<Record<string, unknown>> | undefined
    readonly query?: Readonly<Record<string, unknown>> | undefined
    readonly gcp?: GcpSettings | undefined
    readonly aws?: AwsCredentials | undefined
  }
  readonly provider_conf?: ProviderConf | undefined
  readonly options?: JsonObject | undefined
  readonly override?:
    | {
        readonly endpoint?: string | undefined
        readonly llm_options?: { readonly max_tokens?: number | undefined } | undefined
        /** By target protocol. */
        readonly request_body?: Readonly<Record<string, unknown>> | undefined
        readonly request_body_force_override?: boolean | undefined
      }
    | undefined
  readonly checks?: HealthCheck | undefined
  /** What this instance is for, when requests are balanced by meaning. */
  readonly examples?: readonly string[] | undefined
  readonly threshold?: number | undefined
}

/** What all instances of one configuration share (contract/ai-plugins.md §4). */
export interface TransportSettings {
  /** Milliseconds, for connecting and then for each wait on the connection. */
  readonly timeout: number
  readonly ssl_verify: boolean
  readonly keepalive: boolean
  /** Milliseconds. */
  readonly keepalive_timeout: number
  readonly keepalive_pool: number
}

export interface LimitSettings {
  readonly max_req_body_size: number
  readonly max_response_bytes?: number | undefined
  readonly max_stream_duration_ms?: number | undefined
  /** Milliseconds from an attempt's start to the first event of its stream. */
  readonly first_token_timeout?: number | undefined
  /** Milliseconds between two pieces of a stream, instead of `timeout`. */
  readonly stream_idle_timeout?: number | undefined
}

export interface BalancerSettings {
  readonly algorithm?: 'chash' | 'roundrobin' | 'semantic' | undefined
  readonly hash_on?: 'vars' | 'header' | 'cookie' | 'consumer' | 'vars_combinations' | undefined
  readonly key?: string | undefined
}

export interface FallbackSettings {
  readonly fallback_strategy?: string | readonly string[] | undefined
  readonly fallback_http_statuses?: readonly number[] | undefined
  readonly max_retries?: number | undefined
  readonly retry_on_failure_within_ms?: number | undefined
}

export interface RouteSettings extends TransportSettings, LimitSettings, FallbackSettings {
  /** `ai-proxy` or `ai-proxy-multi`; names health checkers. */
  readonly plugin: string
  /** What loggers are to tell of its requests; default nothing. */
  readonly logging?: { readonly summaries: boolean; readonly payloads: boolean } | undefined
  readonly balancer: BalancerSettings
  readonly semantic_opts?: SemanticSettings | undefined
  readonly instances: readonly InstanceSettings[]
}
