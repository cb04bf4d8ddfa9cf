// What the exchanges of one configuration share.
import type { TokenEstimator } from '@weir/llm'
import type { PluginHost, RequestContext } from '@weir/plugin-api'
import type { AttemptRules } from '../attempt/attempt-types.ts'
import type { Instance } from '../instance/instance.ts'
import type { SemanticPicker } from '../semantic/semantic-picker.ts'
import type { FallbackRules } from './fallback.ts'
import type { QuotaMetrics } from './quota-metrics.ts'
import type { Switches } from './switches.ts'

export interface RouteState {
  readonly host: PluginHost
  readonly instances: readonly Instance[]
  readonly fallback: FallbackRules
  readonly attemptRules: AttemptRules
  readonly maxRequestBytes: number
  readonly logging: { readonly summaries: boolean; readonly payloads: boolean }
  /** Milliseconds after which the reservation of a request that vanished expires. */
  readonly leaseMs: number
  /** Whether streams have no longest time, so that their reservations have to be renewed. */
  readonly isEndless: boolean
  readonly estimator: TokenEstimator
  readonly switches: Switches
  readonly quotaMetrics: QuotaMetrics
  /** Learns the addresses of checked instances; a promise only while a name server is asked. */
  prepare(): void | Promise<void>
  /** Picks by meaning instead of `pick`, where that is configured; then nothing else is tried. */
  readonly semantic: SemanticPicker | undefined
  /** The instance to use next, or undefined when all were tried. */
  pick(ctx: RequestContext, tried: readonly number[]): Instance | undefined
}
