// What the rest of the gateway knows of logs, alerts and metrics.
import type { ExtraLabel } from './metrics/shape.ts'

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Structured error log: one JSON line per call. Never give it a key, a token or a prompt. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Events that operators are told of, in the log and, when configured, by webhook. */
export type Alert =
  | {
      readonly event: 'instance_health'
      readonly resource: string
      readonly instance: string
      readonly target: string
      readonly healthy: boolean
      readonly reason: string
    }
  | {
      readonly event: 'fallback' | 'return'
      readonly resource: string
      readonly from: string
      readonly to: string
      readonly reason: string
    }

export interface Alerts {
  /**
   * `sinceMs` (milliseconds since the epoch, default now) is when it became so: what reached another state of the same
   * thing later stands, in whatever order several threads tell it.
   */
  raise(alert: Alert, sinceMs?: number): void
}

/** A metric's series with its labels already bound: what the hot path holds. */
export interface BoundCounter {
  inc(value?: number): void
}
export interface BoundGauge {
  inc(value?: number): void
  dec(value?: number): void
  set(value: number): void
}
export interface BoundHistogram {
  observe(value: number): void
}

/** Every metric by its contract name (common-plugins.md §8), without the prefix. Label order is free. */
export interface Metrics {
  /** Labels that the operator wants besides the contract's, by metric; whoever counts fills them in. */
  readonly extraLabels?: Readonly<Record<string, readonly ExtraLabel[]>>
  counter(name: string, labels: Readonly<Record<string, string>>): BoundCounter
  gauge(name: string, labels: Readonly<Record<string, string>>): BoundGauge
  histogram(name: string, labels: Readonly<Record<string, string>>): BoundHistogram
}
