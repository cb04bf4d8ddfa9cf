// The section `apisix` of config.yaml (contract/etcd.md §9).

import type { Static } from '../schema/index.ts'
import { portSchema } from './sections.ts'

const listener = {
  type: 'object',
  properties: {
    ip: { type: 'string' },
    port: portSchema,
    enable_http2: { type: 'boolean' },
  },
  additionalProperties: false,
} as const

/** Of AES-128 or AES-256. Not a pattern, whose complaint would quote the key. */
const keySchema = {
  type: 'string',
  anyOf: [
    { minLength: 16, maxLength: 16 },
    { minLength: 32, maxLength: 32 },
  ],
} as const

export const apisixSchema = {
  type: 'object',
  default: {},
  properties: {
    /** Identity of this node; otherwise one is made and kept. */
    id: { type: ['string', 'number'] },
    node_listen: {
      default: [9080],
      anyOf: [portSchema, { type: 'array', minItems: 1, items: { anyOf: [portSchema, listener] } }],
    },
    enable_admin: { type: 'boolean', default: true },
    enable_http2: { type: 'boolean', default: true },
    enable_ipv6: { type: 'boolean', default: true },
    enable_reuseport: { type: 'boolean', default: true },
    ssl: {
      type: 'object',
      default: {},
      properties: {
        enable: { type: 'boolean', default: true },
        /** Absent: port 9443, unless somebody else has it. */
        listen: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              ip: { type: 'string' },
              port: portSchema,
              enable_http2: { type: 'boolean' },
              enable_http3: { type: 'boolean', default: false },
            },
            additionalProperties: false,
          },
        },
        /** Versions, separated by blanks. */
        ssl_protocols: { type: 'string', default: 'TLSv1.2 TLSv1.3' },
        /** As OpenSSL writes them. */
        ssl_ciphers: { type: 'string' },
        ssl_session_tickets: { type: 'boolean', default: false },
        /** A file of certificates, or `system`. */
        ssl_trusted_certificate: { type: 'string', default: 'system' },
        /** The name used for clients that send none. */
        fallback_sni: { type: 'string' },
      },
      additionalProperties: false,
    },
    router: {
      type: 'object',
      default: {},
      properties: {
        http: {
          type: 'string',
          enum: ['radixtree_host_uri', 'radixtree_uri', 'radixtree_uri_with_parameter'],
          default: 'radixtree_host_uri',
        },
        ssl: { type: 'string', default: 'radixtree_sni' },
      },
      additionalProperties: false,
    },
    proxy_mode: { type: 'string', enum: ['http', 'stream', 'http&stream'], default: 'http' },
    delete_uri_tail_slash: { type: 'boolean', default: false },
    normalize_uri_like_servlet: { type: 'boolean', default: false },
    match_uri_encoded_slash: { type: 'boolean', default: false },
    /** MiB of a body that `post_arg` variables may read; 0: any number. */
    max_post_args_readable_size: { type: 'number', minimum: 0, default: 64 },
    show_upstream_status_in_response_header: { type: 'boolean', default: false },
    enable_server_tokens: { type: 'boolean', default: true },
    /** Peers whose X-Forwarded-* headers are believed: addresses and networks. */
    trusted_addresses: { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
    /** Seconds. */
    resolver_timeout: { type: 'number', exclusiveMinimum: 0, default: 5 },
    /** Name servers; absent: the system's. */
    dns_resolver: { type: 'array', items: { type: 'string' }, minItems: 1 },
    /** Seconds that answers of name servers are kept; absent: as long as the record says. */
    dns_resolver_valid: { type: 'integer', minimum: 0 },
    enable_resolv_search_opt: { type: 'boolean', default: true },
    data_encryption: {
      type: 'object',
      default: {},
      properties: {
        enable_encrypt_fields: { type: 'boolean', default: true },
        /** The first key encrypts; all are tried to decrypt. Absent: nothing is encrypted. */
        keyring: { anyOf: [{ type: 'array', minItems: 1, items: keySchema }, keySchema] },
      },
      additionalProperties: false,
    },
    lru: {
      type: 'object',
      default: {},
      properties: {
        /** The cache of resolved secrets: seconds that successes and failures are kept, and how many. */
        secret: {
          type: 'object',
          default: {},
          properties: {
            ttl: { type: 'integer', minimum: 1, default: 300 },
            count: { type: 'integer', minimum: 1, default: 512 },
            neg_ttl: { type: 'integer', minimum: 1, default: 60 },
            neg_count: { type: 'integer', minimum: 1, default: 512 },
          },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
    tracing: { type: 'boolean', default: false },
    enable_control: { type: 'boolean', default: true },
    control: {
      type: 'object',
      default: {},
      properties: {
        ip: { type: 'string', default: '127.0.0.1' },
        port: { ...portSchema, default: 9090 },
      },
      additionalProperties: false,
    },
    /** The status server runs only when this is given. */
    status: {
      type: 'object',
      properties: {
        ip: { type: 'string', default: '127.0.0.1' },
        port: { ...portSchema, default: 7085 },
      },
      additionalProperties: false,
    },
    disable_sync_configuration_during_start: { type: 'boolean', default: false },
    disable_upstream_healthcheck: { type: 'boolean', default: false },
    /** Seconds that a worker may take to receive its configuration. */
    worker_startup_time_threshold: { type: 'integer', minimum: 1, default: 60 },
  },
  additionalProperties: false,
} as const

/** One address on which requests are taken. */
export interface Listener {
  readonly ip: string
  /** 0: the system chooses. */
  readonly port: number
  readonly enable_http2: boolean
  /** Whether the same port is wanted for IPv6, too: no address was named, and `enable_ipv6` is on. */
  readonly with_ipv6: boolean
}

type Written = Static<typeof apisixSchema>
export type ApisixSettings = Omit<Written, 'id' | 'node_listen' | 'ssl' | 'data_encryption'> & {
  readonly id?: string
  readonly node_listen: readonly Listener[]
  readonly data_encryption: { readonly enable_encrypt_fields: boolean; readonly keyring: readonly string[] }
  readonly ssl: Omit<Written['ssl'], 'listen'> & {
    readonly listen: readonly (Listener & { readonly enable_http3: boolean })[]
    /** Whether the settings name no address of their own. */
    readonly listens_by_default: boolean
  }
}

const anyAddress = '0.0.0.0'
const plainPort = 9080
const tlsPort = 9443

export function toApisixSettings(written: Written): ApisixSettings {
  const { id, node_listen, enable_http2, ssl, data_encryption, ...rest } = written
  const { keyring = [] } = data_encryption
  const listeners = Array.isArray(node_listen) ? node_listen : [node_listen]
  const withDefaults = <One extends { readonly ip?: string }>(one: One, port: number) => ({
    ip: anyAddress,
    port,
    enable_http2,
    with_ipv6: rest.enable_ipv6 && one.ip === undefined,
    ...one,
  })
  return {
    ...rest,
    ...(id !== undefined && { id: String(id) }),
    enable_http2,
    data_encryption: { ...data_encryption, keyring: typeof keyring === 'string' ? [keyring] : keyring },
    node_listen: listeners.map((one) =>
      withDefaults(typeof one === 'number' ? { port: one } : one, plainPort),
    ),
    ssl: {
      ...ssl,
      listen: (ssl.listen ?? [{ enable_http3: false }]).map((one) => withDefaults(one, tlsPort)),
      listens_by_default: ssl.listen === undefined,
    },
  }
}
