// Logs, alerts and metrics that a test can read.
import type {
  Alert,
  Alerts,
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  LogFields,
  Logger,
  Metrics,
} from '@weir/telemetry'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = []

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields })
  }
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields })
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields })
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields })
  }
}

export class RecordingAlerts implements Alerts {
  readonly raised: Alert[] = []

  raise(alert: Alert): void {
    this.raised.push(alert)
  }
}

/** Sums by `name{label="value",...}`, labels in alphabetical order; a histogram keeps the sum of what it observed. */
export class RecordingMetrics implements Metrics {
  readonly values = new Map<string, number>()

  counter(name: string, labels: Readonly<Record<string, string>>): BoundCounter {
    const add = this.#adder(name, labels)
    return { inc: (value = 1) => add(value) }
  }

  gauge(name: string, labels: Readonly<Record<string, string>>): BoundGauge {
    const add = this.#adder(name, labels)
    const key = seriesName(name, labels)
    return {
      inc: (value = 1) => add(value),
      dec: (value = 1) => add(-value),
      set: (value) => this.values.set(key, value),
    }
  }

  histogram(name: string, labels: Readonly<Record<string, string>>): BoundHistogram {
    return { observe: this.#adder(name, labels) }
  }

  #adder(name: string, labels: Readonly<Record<string, string>>): (value: number) => void {
    const key = seriesName(name, labels)
    return (value) => void this.values.set(key, (this.values.get(key) ?? 0) + value)
  }
}

function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(',')}}`
}
