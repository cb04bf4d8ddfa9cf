// The section `nginx_config` of config.yaml, as far as it speaks of behaviour (contract/etcd.md §9).

import { GatewayError } from '../errors/index.ts'
import type { Static } from '../schema/index.ts'
import { isOn, sizeSchema, switchSchema, timeSchema } from './sections.ts'
import { parseBytes, parseSeconds } from './units.ts'

export const nginxConfigSchema = {
  type: 'object',
  default: {},
  properties: {
    worker_processes: { default: 'auto', anyOf: [{ type: 'integer', minimum: 1 }, { enum: ['auto'] }] },
    worker_shutdown_timeout: { ...timeSchema, default: '240s' },
    event: {
      type: 'object',
      default: {},
      properties: { worker_connections: { type: 'integer', minimum: 1, default: 10_620 } },
      additionalProperties: false,
    },
    http: {
      type: 'object',
      default: {},
      properties: {
        enable_access_log: { type: 'boolean', default: true },
        access_log: { type: 'string', default: 'logs/access.log' },
        access_log_format: { type: 'string' },
        access_log_format_escape: { type: 'string', enum: ['default', 'json', 'none'], default: 'default' },
        keepalive_timeout: { ...timeSchema, default: '60s' },
        client_header_timeout: { ...timeSchema, default: '60s' },
        client_body_timeout: { ...timeSchema, default: '60s' },
        send_timeout: { ...timeSchema, default: '10s' },
        client_max_body_size: { ...sizeSchema, default: 0 },
        underscores_in_headers: { ...switchSchema, default: 'on' },
        real_ip_header: { type: 'string', default: 'X-Real-IP' },
        real_ip_recursive: { ...switchSchema, default: 'off' },
        real_ip_from: { type: 'array', items: { type: 'string' }, default: ['127.0.0.1', 'unix:'] },
        upstream: {
          type: 'object',
          default: {},
          properties: {
            keepalive: { type: 'integer', minimum: 0, default: 320 },
            keepalive_requests: { type: 'integer', minimum: 1, default: 1000 },
            keepalive_timeout: { ...timeSchema, default: '60s' },
          },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const

export interface NginxConfigSettings {
  /** `auto`: one per core. */
  readonly worker_processes: number | 'auto'
  /** Seconds; `weir.drain_timeout` decides how long requests in flight may take. */
  readonly worker_shutdown_timeout: number
  /** Connections that one worker holds at a time. */
  readonly event: { readonly worker_connections: number }
  readonly http: {
    readonly enable_access_log: boolean
    /** A file; `weir.access_log.path` decides where lines go. */
    readonly access_log: string
    /** nginx's format with `$variables`; Weir's lines are JSON. */
    readonly access_log_format?: string
    readonly access_log_format_escape: 'default' | 'json' | 'none'
    /** Seconds that an idle client connection is kept. */
    readonly keepalive_timeout: number
    /** Seconds for the whole head of a request. */
    readonly client_header_timeout: number
    /** Seconds between two reads of a request's body. */
    readonly client_body_timeout: number
    /** Seconds between two writes to the client. */
    readonly send_timeout: number
    /** Bytes; 0: unlimited. */
    readonly client_max_body_size: number
    readonly underscores_in_headers: boolean
    readonly real_ip_header: string
    readonly real_ip_recursive: boolean
    /** Addresses and networks, or `unix:`. */
    readonly real_ip_from: readonly string[]
    readonly upstream: {
      /** Idle connections kept per worker and pool. */
      readonly keepalive: number
      /** Requests after which a connection is closed. */
      readonly keepalive_requests: number
      /** Seconds that an idle connection is kept. */
      readonly keepalive_timeout: number
    }
  }
}

export function toNginxConfigSettings(written: Static<typeof nginxConfigSchema>): NginxConfigSettings {
  const { http } = written
  const time = (name: string, value: string | number) =>
    must(parseSeconds(value), `nginx_config.${name}`, value)
  return {
    ...written,
    worker_shutdown_timeout: time('worker_shutdown_timeout', written.worker_shutdown_timeout),
    http: {
      ...http,
      keepalive_timeout: time('http.keepalive_timeout', http.keepalive_timeout),
      client_header_timeout: time('http.client_header_timeout', http.client_header_timeout),
      client_body_timeout: time('http.client_body_timeout', http.client_body_timeout),
      send_timeout: time('http.send_timeout', http.send_timeout),
      client_max_body_size: must(
        parseBytes(http.client_max_body_size),
        'nginx_config.http.client_max_body_size',
        http.client_max_body_size,
      ),
      underscores_in_headers: isOn(http.underscores_in_headers),
      real_ip_recursive: isOn(http.real_ip_recursive),
      upstream: {
        ...http.upstream,
        keepalive_timeout: time('http.upstream.keepalive_timeout', http.upstream.keepalive_timeout),
      },
    },
  }
}

function must(value: number | undefined, name: string, written: string | number): number {
  if (value !== undefined) return value
  throw new GatewayError('invalid_configuration', `failed to validate config: ${name} cannot be "${written}"`)
}
