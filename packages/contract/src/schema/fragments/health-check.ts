// Health checks of an upstream's nodes (contract/routing.md §10.1).

import type { Static } from '../define-schema.ts'
import { hostSchema, httpMethods } from './host.ts'

const statuses = { type: 'array', minItems: 1, uniqueItems: true } as const
const status = { type: 'integer', minimum: 200, maximum: 599 } as const
const probeCount = { type: 'integer', minimum: 1, maximum: 254 } as const
const reportCount = { type: 'integer', minimum: 0, maximum: 254 } as const
const probeTypes = { type: 'string', enum: ['http', 'https', 'tcp'], default: 'http' } as const

/** Probes that the gateway sends. Intervals and `timeout` are seconds. */
export const activeHealthCheckSchema = {
  type: 'object',
  properties: {
    type: probeTypes,
    timeout: { type: 'number', default: 1 },
    concurrency: { type: 'integer', default: 10 },
    host: hostSchema,
    port: { type: 'integer', minimum: 1, maximum: 65_535 },
    http_method: { type: 'string', enum: httpMethods, default: 'GET' },
    http_path: { type: 'string', default: '/' },
    http_req_body: { type: 'string', default: '' },
    https_verify_certificate: { type: 'boolean', default: true },
    req_headers: { type: 'array', minItems: 1, items: { type: 'string', uniqueItems: true } },
    healthy: {
      type: 'object',
      properties: {
        interval: { type: 'integer', minimum: 1, default: 1 },
        http_statuses: { ...statuses, items: status, default: [200, 302] },
        successes: { ...probeCount, default: 2 },
      },
    },
    unhealthy: {
      type: 'object',
      properties: {
        interval: { type: 'integer', minimum: 1, default: 1 },
        http_statuses: { ...statuses, items: status, default: [429, 404, 500, 501, 502, 503, 504, 505] },
        http_failures: { ...probeCount, default: 5 },
        tcp_failures: { ...probeCount, default: 2 },
        timeouts: { ...probeCount, default: 3 },
      },
    },
  },
} as const

/** Judging the answers to real requests; a count of 0 switches its kind off. */
export const passiveHealthCheckSchema = {
  type: 'object',
  properties: {
    type: probeTypes,
    healthy: {
      type: 'object',
      properties: {
        http_statuses: {
          ...statuses,
          items: status,
          default: [
            200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308,
          ],
        },
        successes: { ...reportCount, default: 5 },
      },
    },
    unhealthy: {
      type: 'object',
      properties: {
        http_statuses: { ...statuses, items: status, default: [429, 500, 503] },
        http_failures: { ...reportCount, default: 5 },
        tcp_failures: { ...reportCount, default: 2 },
        timeouts: { ...reportCount, default: 7 },
      },
    },
  },
} as const

/** The `checks` member of upstreams and AI instances: active checks, with or without passive ones. */
export const healthCheckSchema = {
  type: 'object',
  properties: { active: activeHealthCheckSchema, passive: passiveHealthCheckSchema },
  anyOf: [{ required: ['active'] }, { required: ['active', 'passive'] }],
} as const

export type ActiveHealthCheck = Static<typeof activeHealthCheckSchema>
export type PassiveHealthCheck = Static<typeof passiveHealthCheckSchema>

/** `checks` once parsed: `active` is always there. */
export interface HealthCheck {
  readonly active: ActiveHealthCheck
  readonly passive?: PassiveHealthCheck
}

/**
 * What counts when `checks.passive`, or a half of it, is absent. Reports are made only when `passive` is
 * configured, but the failures of retries are always reported and need these limits.
 */
export const passiveHealthCheckDefaults = {
  type: 'http',
  healthy: passiveHealthy(),
  unhealthy: passiveUnhealthy(),
} as const

function passiveHealthy() {
  const { http_statuses, successes } = passiveHealthCheckSchema.properties.healthy.properties
  return { http_statuses: http_statuses.default, successes: successes.default }
}

function passiveUnhealthy() {
  const { http_statuses, http_failures, tcp_failures, timeouts } =
    passiveHealthCheckSchema.properties.unhealthy.properties
  return {
    http_statuses: http_statuses.default,
    http_failures: http_failures.default,
    tcp_failures: tcp_failures.default,
    timeouts: timeouts.default,
  }
}
