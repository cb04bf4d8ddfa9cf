// Those who serve: one thread that is the main one, or several worker threads. The rest of the data plane need not
// know which.
import type { StoreChange } from '@weir/config-store'
import type { MetricsSnapshot } from '@weir/telemetry'
import type { ListenAddress } from '../server/index.ts'
import type { Applied } from './serving.ts'

export interface Crew {
  /** Listens; answers where. Rejects with a reason fit for the terminal. */
  listen(): Promise<readonly ListenAddress[]>
  apply(changes: readonly StoreChange[], revision: number): void
  enablePlugins(enabled: readonly string[] | undefined): void
  /** How far each member has come, in order. */
  readonly applied: readonly Applied[]
  /** What each has counted; also of those that are no more. */
  collect(): Promise<readonly MetricsSnapshot[]>
  /** Lets every thread give memory back to the system. */
  collectGarbage(): void
  /** Opens the access log anew, after its file was moved away. */
  reopenLogs(): void
  /** Takes nothing new; resolves with the number of requests that had to be cut. */
  drain(timeoutMs: number): Promise<number>
  /** Ends everything under way at once. */
  cut(): void
  close(): Promise<void>
}
