// The section `deployment` of config.yaml: roles, etcd, Admin API (contract/etcd.md §5 and §9, admin-api.md §1).

import type { Static } from '../schema/index.ts'
import { portSchema } from './sections.ts'

function provider<const Providers extends readonly string[]>(providers: Providers) {
  return {
    type: 'object',
    default: {},
    properties: { config_provider: { type: 'string', enum: providers, default: 'etcd' } },
    additionalProperties: false,
  } as const
}

export const deploymentSchema = {
  type: 'object',
  default: {},
  properties: {
    role: {
      type: 'string',
      enum: ['traditional', 'control_plane', 'data_plane'],
      default: 'traditional',
    },
    role_traditional: provider(['etcd', 'yaml']),
    role_control_plane: provider(['etcd']),
    role_data_plane: provider(['etcd', 'yaml', 'json', 'xds']),
    etcd: {
      type: 'object',
      default: {},
      properties: {
        host: {
          type: 'array',
          minItems: 1,
          items: { type: 'string', pattern: '^https?://' },
          default: ['http://127.0.0.1:2379'],
        },
        prefix: { type: 'string', default: '/apisix' },
        /** Seconds per request. */
        timeout: { type: 'integer', minimum: 1, default: 30 },
        /** Seconds without events after which a watch is opened again. */
        watch_timeout: { type: 'integer', minimum: 1, default: 50 },
        /** Seconds to wait after an error before listing again. */
        resync_delay: { type: 'integer', minimum: 0, default: 5 },
        /** Seconds that a failed endpoint is left out. */
        health_check_timeout: { type: 'integer', minimum: 1, default: 10 },
        /** Rounds of the check at start. */
        startup_retry: { type: 'integer', minimum: 1, default: 2 },
        user: { type: 'string' },
        password: { type: 'string' },
        tls: {
          type: 'object',
          default: {},
          properties: {
            verify: { type: 'boolean', default: true },
            /** Files. */
            cert: { type: 'string' },
            key: { type: 'string' },
            sni: { type: 'string' },
          },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
    admin: {
      type: 'object',
      default: {},
      properties: {
        admin_key_required: { type: 'boolean', default: true },
        admin_key: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string', default: '' },
              key: { type: ['string', 'number', 'boolean'], default: '' },
              role: { type: 'string', enum: ['admin', 'viewer'], default: 'admin' },
            },
            additionalProperties: false,
          },
        },
        enable_admin_cors: { type: 'boolean', default: true },
        enable_admin_ui: { type: 'boolean', default: true },
        allow_admin: { type: 'array', items: { type: 'string' } },
        admin_listen: {
          type: 'object',
          default: {},
          properties: {
            ip: { type: 'string', default: '0.0.0.0' },
            port: { ...portSchema, default: 9180 },
          },
          additionalProperties: false,
        },
        https_admin: { type: 'boolean', default: false },
        /** Files. A CA makes clients show a certificate. */
        admin_api_mtls: {
          type: 'object',
          default: {},
          properties: {
            admin_ssl_cert: { type: 'string', default: '' },
            admin_ssl_cert_key: { type: 'string', default: '' },
            admin_ssl_ca_cert: { type: 'string', default: '' },
          },
          additionalProperties: false,
        },
        admin_api_version: { type: 'string', default: 'v3' },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const

/**
 * Defaults that `null` removes for good: without `allow_admin` every address is allowed, without `admin_key` no
 * key is asked for, without `keyring` nothing is encrypted.
 */
export const removableDefaults = {
  apisix: { data_encryption: { keyring: ['qeddd145sfvddff3', 'edd1c9f0985e76a2'] } },
  deployment: {
    admin: { admin_key: [{ name: 'admin', key: '', role: 'admin' }], allow_admin: ['127.0.0.0/24'] },
  },
}

export interface AdminKey {
  readonly name: string
  /** Empty: one is to be made. Undefined: was given as a number or boolean, and matches no request. */
  readonly key: string | undefined
  readonly role: 'admin' | 'viewer'
}

export type Role = 'traditional' | 'control_plane' | 'data_plane'
export type ConfigProvider = 'etcd' | 'yaml' | 'json' | 'xds'

type Written = Static<typeof deploymentSchema>
type ProviderMembers = 'role_traditional' | 'role_control_plane' | 'role_data_plane'

export type DeploymentSettings = Omit<Written, 'admin' | ProviderMembers> & {
  /** Of the role in force. */
  readonly config_provider: ConfigProvider
  readonly admin: Omit<Written['admin'], 'admin_key'> & {
    /** Undefined: no request needs a key. */
    readonly admin_key?: readonly AdminKey[]
  }
}

/** Whether the configuration is only ever given through `/apisix/admin/configs` (contract/etcd.md §5). */
export function isApiDriven({
  apisix,
  deployment,
}: {
  readonly apisix: { readonly enable_admin: boolean }
  readonly deployment: { readonly role: Role; readonly config_provider: ConfigProvider }
}): boolean {
  return deployment.role === 'traditional' && deployment.config_provider === 'yaml' && apisix.enable_admin
}

export function toDeploymentSettings(written: Written): DeploymentSettings {
  const { role_traditional, role_control_plane, role_data_plane, admin, ...rest } = written
  const providers = {
    traditional: role_traditional,
    control_plane: role_control_plane,
    data_plane: role_data_plane,
  }
  const { admin_key, ...adminRest } = admin
  const keys = admin_key?.map(({ key, ...one }) => ({
    ...one,
    key: typeof key === 'string' ? key : undefined,
  }))
  return {
    ...rest,
    config_provider: providers[written.role].config_provider,
    admin: keys === undefined ? adminRest : { ...adminRest, admin_key: keys },
  }
}
