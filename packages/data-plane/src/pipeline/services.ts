// What every request of a worker shares.
import type { RequestContext, RequestSummary } from '@weir/plugin-api'
import type { Logger } from '@weir/telemetry'
import type { Runtime } from './types.ts'

export interface Services {
  readonly runtime: Runtime
  readonly log: Logger
  /** Writes the access-log line. */
  record(ctx: RequestContext, summary: RequestSummary): void
  /** The Server header (routing.md §1). */
  readonly serverHeader: string
  /** X-APISIX-Upstream-Status on every response instead of upstream 5xx only (etcd.md §9). */
  readonly showUpstreamStatus: boolean
  /** Whether answers of LLM services say in `Server-Timing` what took how long. */
  readonly exposeTimings: boolean
  /** Bytes of a request's body that is read for variables (`apisix.max_post_args_readable_size`). */
  readonly bodyVariablesBytesMax: number
  /** True while the worker finishes what it has and takes nothing new. */
  draining(): boolean
}
