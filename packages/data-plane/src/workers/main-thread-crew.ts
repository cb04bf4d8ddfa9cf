// A crew of one: the main thread serves itself, and nothing travels by message.
import type { StoreChange } from '@weir/config-store'
import type { LocalMetrics, MetricsSnapshot } from '@weir/telemetry'
import type { ListenAddress } from '../server/index.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { ServingThread } from './create-serving.ts'
import type { Crew } from './crew.ts'
import { writeTraffic } from './node-metrics.ts'
import type { Applied } from './serving.ts'

export class MainThreadCrew implements Crew {
  readonly #thread: ServingThread
  readonly #addresses: readonly ListenAddress[]
  readonly #metrics: LocalMetrics

  constructor(thread: ServingThread, addresses: readonly ListenAddress[], metrics: LocalMetrics) {
    this.#metrics = metrics
    this.#thread = thread
    this.#addresses = addresses
  }

  get applied(): readonly Applied[] {
    return [this.#thread.serving.applied]
  }

  listen(): Promise<readonly ListenAddress[]> {
    return this.#thread.serving.listen(this.#addresses, false)
  }

  apply(changes: readonly StoreChange[], revision: number): void {
    this.#thread.serving.apply(changes, revision)
  }

  enablePlugins(enabled: readonly string[] | undefined): void {
    this.#thread.serving.enablePlugins(enabled)
  }

  /** Nothing apart: this thread's metrics are the process's own. */
  async collect(): Promise<readonly MetricsSnapshot[]> {
    writeTraffic(this.#metrics, this.#thread.serving.traffic)
    return []
  }

  collectGarbage(): void {
    collectGarbage()
  }

  reopenLogs(): void {
    this.#thread.accessLog?.reopen()
  }

  drain(timeoutMs: number): Promise<number> {
    return this.#thread.serving.drain(timeoutMs)
  }

  cut(): void {
    this.#thread.serving.cut()
  }

  close(): Promise<void> {
    this.#thread.serving.cut()
    return this.#thread.close()
  }
}
