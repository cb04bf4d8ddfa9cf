// The members that ai-proxy and ai-proxy-multi have in common (contract/ai-plugins.md §4, §5).
import { providerNames } from '@weir/llm'

export const providerMember = { type: 'string', enum: providerNames } as const

const text = { type: 'string', minLength: 1 } as const
const credentials = {
  type: 'object',
  patternProperties: { '^[a-zA-Z0-9._-]+$': { type: 'string' } },
} as const

/** Names are patterns, as in APISIX: any name that contains one of them is taken for it. */
export const authMember = {
  type: 'object',
  patternProperties: {
    header: credentials,
    query: credentials,
    gcp: {
      type: 'object',
      properties: {
        service_account_json: { type: 'string' },
        max_ttl: { type: 'integer', minimum: 1 },
        expire_early_secs: { type: 'integer', minimum: 0, default: 60 },
      },
    },
    aws: {
      type: 'object',
      properties: { access_key_id: text, secret_access_key: text, session_token: text },
      required: ['access_key_id', 'secret_access_key'],
    },
  },
  additionalProperties: false,
} as const

export const optionsMember = {
  type: 'object',
  properties: { model: { type: 'string' } },
  additionalProperties: true,
} as const

export const providerConfMember = {
  type: 'object',
  properties: { project_id: { type: 'string' }, region: text },
} as const

const patch = { type: 'object', additionalProperties: true } as const

export const overrideMember = {
  type: 'object',
  properties: {
    endpoint: text,
    llm_options: {
      type: 'object',
      properties: { max_tokens: { type: 'integer', minimum: 1 } },
      additionalProperties: false,
    },
    request_body: {
      type: 'object',
      properties: {
        'anthropic-messages': patch,
        'bedrock-converse': patch,
        'openai-chat': patch,
        'openai-embeddings': patch,
        'openai-responses': patch,
        passthrough: patch,
      },
      additionalProperties: false,
    },
    request_body_force_override: { type: 'boolean', default: false },
  },
} as const

/** Milliseconds and bytes. */
export const transportMembers = {
  logging: {
    type: 'object',
    properties: {
      summaries: { type: 'boolean', default: false },
      payloads: { type: 'boolean', default: false },
    },
  },
  timeout: { type: 'integer', minimum: 1, maximum: 600_000, default: 30_000 },
  max_req_body_size: { type: 'integer', minimum: 1, default: 67_108_864 },
  max_stream_duration_ms: { type: 'integer', minimum: 1 },
  max_response_bytes: { type: 'integer', minimum: 1 },
  // Weir's own.
  first_token_timeout: { type: 'integer', minimum: 1, maximum: 600_000 },
  stream_idle_timeout: { type: 'integer', minimum: 1, maximum: 600_000 },
  keepalive: { type: 'boolean', default: true },
  keepalive_timeout: { type: 'integer', minimum: 1000, default: 60_000 },
  keepalive_pool: { type: 'integer', minimum: 1, default: 30 },
  streaming_flush_interval_ms: { type: 'integer', minimum: 0, default: 10 },
  ssl_verify: { type: 'boolean', default: true },
} as const

/** The secrets of `auth`, below the object that holds it. */
export const authEncryptFields = [
  'auth.header',
  'auth.query',
  'auth.gcp.service_account_json',
  'auth.aws.secret_access_key',
  'auth.aws.session_token',
] as const
