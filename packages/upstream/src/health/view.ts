// What those who choose a target know of its health.
import type { HealthCheck } from '@weir/contract'

export interface HealthTarget {
  /** The address or name connected to. */
  readonly host: string
  readonly port: number
  /** Host header and TLS server name of the probe, and part of the target's identity. */
  readonly hostname: string
}

export interface HealthWanted {
  /** `upstream#/apisix/routes/1`, `/apisix/routes/1#plugins['ai-proxy-multi'].instances[0]` (routing.md §10.3). */
  readonly name: string
  readonly checks: HealthCheck
  readonly targets: readonly HealthTarget[]
  /** Probes over TLS; from the endpoint's scheme. `checks.active.type` https does the same. */
  readonly tls: boolean
  /**
   * `Name: value`, like `checks.active.req_headers`; added to every probe after those, unless named there:
   * credentials. Never logged.
   */
  readonly headers?: readonly string[] | undefined
  /** Appended to the probe's path, without the question mark. */
  readonly query?: string | undefined
  /** What alerts and the control API call the set: the instance name. */
  readonly label?: string | undefined
  readonly resource?: string | undefined
}

/** Reads shared memory: cheap enough to ask on every request. */
export interface HealthView {
  /** Whether target `index` is healthy or mostly healthy; true while not yet known. */
  isUsable(index: number): boolean
  /** Whether any is. */
  anyUsable(): boolean
  /** Changes with every change of a verdict. */
  readonly version: number
  /** A passive report on target `index` (routing.md §10.2); a status, or how it failed. */
  report(index: number, outcome: number | 'tcp' | 'timeout'): void
  release(): void
}
