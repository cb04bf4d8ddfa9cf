import { defineSchema, type Static } from '@weir/contract'
import { denyCode, failMode, streamMembers, weirMember } from '../moderation/schema.ts'

const score = { type: 'number', minimum: 0, maximum: 1 } as const
/** Bytes of a segment, as Comprehend takes them. */
const segmentLength = { type: 'integer', minimum: 4, maximum: 1024, default: 1000 } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    comprehend: {
      type: 'object',
      properties: {
        access_key_id: { type: 'string' },
        secret_access_key: { type: 'string' },
        region: { type: 'string' },
        endpoint: { type: 'string', pattern: '^https?://' },
        ssl_verify: { type: 'boolean', default: true },
      },
      required: ['access_key_id', 'secret_access_key', 'region'],
    },
    moderation_categories: {
      type: 'object',
      patternProperties: {
        '^(PROFANITY|HATE_SPEECH|INSULT|HARASSMENT_OR_ABUSE|SEXUAL|VIOLENCE_OR_THREAT)$': score,
      },
      additionalProperties: false,
    },
    moderation_threshold: { ...score, default: 0.5 },
    check_request: { type: 'boolean', default: true },
    check_response: { type: 'boolean', default: false },
    request_check_mode: { type: 'string', enum: ['last', 'all'], default: 'all' },
    request_check_roles: {
      type: 'array',
      items: { type: 'string', enum: ['user', 'tool', 'system', 'assistant'] },
      minItems: 1,
      uniqueItems: true,
      default: ['user', 'tool', 'system', 'assistant'],
    },
    request_check_length_limit: segmentLength,
    response_check_length_limit: segmentLength,
    deny_code: denyCode,
    deny_message: { type: 'string' },
    ...streamMembers,
    timeout: { type: 'integer', minimum: 1, default: 10_000 },
    keepalive: { type: 'boolean', default: true },
    keepalive_timeout: { type: 'integer', minimum: 1000, default: 60_000 },
    fail_mode: failMode,
    weir: weirMember,
  },
  required: ['comprehend'],
})

export type Config = Static<typeof schema>
