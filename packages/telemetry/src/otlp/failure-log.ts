// Tells of exports that fail, now and then: a collector that is away fails every few seconds.
import type { Logger } from '../types.ts'

/** Milliseconds between two lines. */
const quietMs = 60_000

/** What exporters call back with; a code of 0 is success. */
interface ExportResult {
  readonly code: number
}

interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void
}

/** The exporter itself, whose failures are told of from now on. What a collector answered is not: it may quote. */
export function logFailures<Batch, E extends Exporter<Batch>>(exporter: E, what: string, log: Logger): E {
  const send = exporter.export.bind(exporter)
  let toldAt = -Infinity
  exporter.export = (batch, done) => {
    send(batch, (result) => {
      if (result.code !== 0 && performance.now() - toldAt >= quietMs) {
        toldAt = performance.now()
        log.warn('the OpenTelemetry collector did not take what was sent', { what })
      }
      done(result)
    })
  }
  return exporter
}
