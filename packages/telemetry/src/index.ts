export type * from './types.ts'
export {
  createLogger,
  type LoggerOptions,
  type LogLevel,
  type LogOutput,
  parseLogLevel,
} from './logs/logger.ts'
export { type AlertsOptions, createAlerts } from './alerts/alerts.ts'
export { createWebhook, type Webhook, type WebhookHttp, type WebhookOptions } from './alerts/webhook.ts'
export { catalog as metricCatalog, type MetricName } from './metrics/catalog.ts'
export {
  createMetrics,
  type LocalMetrics,
  type MetricsOptions,
  type MetricsSnapshot,
} from './metrics/metrics.ts'
export { createExpiry } from './metrics/expiry.ts'
export { mergeSnapshots } from './metrics/merge.ts'
export { renderMetrics, type RenderOptions } from './metrics/render.ts'
export type { ExtraLabel, MetricsShape } from './metrics/shape.ts'
export { createMetricsServer, type MetricsServer, type MetricsServerOptions } from './metrics/server.ts'
export { type AccessLog, type AccessLogOptions, createAccessLog } from './access-log/access-log.ts'
export type { AccessLogEntry, LlmPart, UpstreamPart } from './access-log/entry.ts'
export { withoutSecrets } from './access-log/without-secrets.ts'
export { LineWriter, type LineWriterOptions } from './access-log/line-writer.ts'
