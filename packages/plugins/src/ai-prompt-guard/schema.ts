import { defineSchema, type Static } from '@weir/contract'
import { maxBodyMember } from '../prompts/schema.ts'

const patterns = { type: 'array', items: { type: 'string' }, default: [] } as const

export const schema = defineSchema({
  type: 'object',
  properties: {
    match_all_roles: { type: 'boolean', default: false },
    match_all_conversation_history: { type: 'boolean', default: false },
    allow_patterns: patterns,
    deny_patterns: patterns,
    fail_mode: { type: 'string', enum: ['skip', 'warn', 'error'], default: 'skip' },
    max_req_body_size: maxBodyMember,
  },
})

export type Config = Static<typeof schema>
