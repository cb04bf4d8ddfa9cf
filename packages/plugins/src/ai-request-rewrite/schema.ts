import { defineSchema, type Static } from '@weir/contract'
import { optionsMember, providerMember } from '../llm-instances/schema.ts'
import { maxBodyMember } from '../prompts/schema.ts'

const credentials = {
  type: 'object',
  patternProperties: { '^[a-zA-Z0-9._-]+$': { type: 'string' } },
} as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    prompt: { type: 'string' },
    provider: providerMember,
    auth: {
      type: 'object',
      properties: { header: credentials, query: credentials },
      additionalProperties: false,
    },
    options: optionsMember,
    timeout: { type: 'integer', minimum: 1, maximum: 60_000, default: 30_000 },
    keepalive: { type: 'boolean', default: true },
    keepalive_pool: { type: 'integer', minimum: 1, default: 30 },
    ssl_verify: { type: 'boolean', default: true },
    override: { type: 'object', properties: { endpoint: { type: 'string' } } },
    max_req_body_size: maxBodyMember,
  },
  required: ['prompt', 'provider', 'auth'],
})

export type Config = Static<typeof schema>
