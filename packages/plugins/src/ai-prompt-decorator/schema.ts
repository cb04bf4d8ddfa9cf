import { defineSchema, type Static } from '@weir/contract'
import { maxBodyMember, messageMember } from '../prompts/schema.ts'

const messages = { type: 'array', items: messageMember } as const

export const schema = defineSchema({
  type: 'object',
  properties: { prepend: messages, append: messages, max_req_body_size: maxBodyMember },
  anyOf: [{ required: ['prepend'] }, { required: ['append'] }, { required: ['append', 'prepend'] }],
})

export type Config = Static<typeof schema>
