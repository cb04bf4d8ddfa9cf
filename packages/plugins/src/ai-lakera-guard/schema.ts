import { defineSchema, type Static } from '@weir/contract'
import { denyCode, failMode } from '../moderation/schema.ts'

export const schema = defineSchema({
  type: 'object',
  properties: {
    api_key: { type: 'string', minLength: 1 },
    lakera_endpoint: { type: 'string', pattern: '^https?://', default: 'https://api.lakera.ai/v2/guard' },
    project_id: { type: 'string' },
    direction: { type: 'string', enum: ['input', 'output', 'both'], default: 'input' },
    action: { type: 'string', enum: ['block', 'alert'], default: 'block' },
    fail_open: { type: 'boolean', default: false },
    fail_mode: failMode,
    timeout: { type: 'integer', minimum: 1, default: 5000 },
    ssl_verify: { type: 'boolean', default: true },
    reveal_failure_categories: { type: 'boolean', default: false },
    deny_code: denyCode,
    request_failure_message: { type: 'string', default: 'Request blocked by Lakera Guard' },
    response_failure_message: { type: 'string', default: 'Response blocked by Lakera Guard' },
  },
  required: ['api_key'],
})

export type Config = Static<typeof schema>
