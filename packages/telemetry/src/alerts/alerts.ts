// Tells operators of what they must know: a log line and, where configured, a webhook call, once per change.
import type { Alert, Alerts, Logger } from '../types.ts'
import type { Webhook } from './webhook.ts'

/** Subjects whose last state is remembered, so that several workers seeing the same switch are one alert. */
const subjectsMax = 10_000

export interface AlertsOptions {
  readonly log: Logger
  readonly webhook?: Webhook | undefined
  readonly now?: (() => Date) | undefined
}

/** Lives on the main thread; workers pass their alerts to it. */
export function createAlerts({ log, webhook, now = () => new Date() }: AlertsOptions): Alerts {
  const lastStates = new Map<string, { readonly state: string; readonly sinceMs: number }>()

  return {
    raise(alert, sinceMs = Date.now()) {
      const subject = subjectOf(alert)
      const state = stateOf(alert)
      const last = lastStates.get(subject)
      if (last && (last.state === state || sinceMs < last.sinceMs)) return
      lastStates.delete(subject)
      lastStates.set(subject, { state, sinceMs })
      const [oldest] = lastStates.keys()
      if (lastStates.size > subjectsMax && oldest !== undefined) lastStates.delete(oldest)
      const { event, ...fields } = alert
      log.warn(describe(alert), { event, ...fields })
      webhook?.post({ time: now().toISOString(), message: describe(alert), ...alert })
    },
  }
}

function subjectOf(alert: Alert): string {
  if (alert.event !== 'instance_health') return `switch ${alert.resource}`
  return `health ${alert.resource} ${alert.instance} ${alert.target}`
}

function stateOf(alert: Alert): string {
  return alert.event === 'instance_health' ? String(alert.healthy) : `${alert.event} ${alert.to}`
}

function describe(alert: Alert): string {
  switch (alert.event) {
    case 'instance_health':
      return `${alert.instance} at ${alert.target} is ${alert.healthy ? 'healthy again' : 'unhealthy'}: ${alert.reason}`
    case 'fallback':
      return `requests of ${alert.resource} go to ${alert.to} instead of ${alert.from}: ${alert.reason}`
    case 'return':
      return `requests of ${alert.resource} go to ${alert.to} again: ${alert.reason}`
  }
}
