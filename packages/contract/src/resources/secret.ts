// Secret: where `$secret://` references are looked up; each manager has its own schema (contract/admin-api.md §5.8).

import { compileSchema, type Parsed, type Static } from '../schema/index.ts'
import { defineResource, type Resource } from './define-resource.ts'

const uri = {
  type: 'string',
  pattern: '^[^\\/]+:\\/\\/([\\da-zA-Z.-]+|\\[[\\da-fA-F:]+\\])(:\\d+)?',
} as const
const text = { type: 'string' } as const

const vault = {
  type: 'object',
  properties: { prefix: text, token: text, uri, namespace: text },
  required: ['uri', 'prefix', 'token'],
} as const

const aws = {
  type: 'object',
  properties: {
    access_key_id: text,
    secret_access_key: text,
    session_token: text,
    region: { type: 'string', default: 'us-east-1' },
    endpoint_url: uri,
  },
  required: ['access_key_id', 'secret_access_key'],
} as const

const gcpAccount = {
  type: 'object',
  properties: {
    client_email: text,
    private_key: text,
    project_id: text,
    token_uri: { type: 'string', default: 'https://oauth2.googleapis.com/token' },
    scope: {
      type: 'array',
      items: text,
      default: ['https://www.googleapis.com/auth/cloud-platform'],
    },
    entries_uri: { type: 'string', default: 'https://secretmanager.googleapis.com/v1' },
  },
  required: ['client_email', 'private_key', 'project_id'],
} as const

const gcp = {
  type: 'object',
  properties: {
    auth_config: gcpAccount,
    auth_file: text,
    ssl_verify: { type: 'boolean', default: true },
  },
  oneOf: [{ required: ['auth_config'] }, { required: ['auth_file'] }],
} as const

/** A parsed secret; its members are its manager's. */
export type Secret = { readonly [member: string]: unknown }

const facts = { kind: 'secret', name: 'secret', collection: 'secrets', refuses: ['POST'] } as const

export type Vault = Static<typeof vault>
export type Aws = Static<typeof aws>
/** Either `auth_config` or `auth_file`, a file that holds the same. */
export type Gcp = Static<typeof gcp>
export type GcpAccount = Static<typeof gcpAccount>

export const vaultSecret: Resource<Vault> = defineResource({ ...facts, schema: vault })
export const awsSecret: Resource<Aws> = defineResource({ ...facts, schema: aws })
export const gcpSecret: Resource<Gcp> = defineResource({ ...facts, schema: gcp })

/** By manager. The id in documents is `manager/id`. */
export const secretManagers: Readonly<Record<string, Resource<Secret>>> = {
  vault: vaultSecret,
  aws: awsSecret,
  gcp: gcpSecret,
}

const accountFile = compileSchema<GcpAccount>(gcpAccount)

/** What `auth_file` holds. */
export function parseGcpAccount(account: unknown): Parsed<GcpAccount> {
  return accountFile.parse(account)
}
