import { defineSchema, type Static } from '@weir/contract'
import { maxBodyMember, messageMember } from '../prompts/schema.ts'

export const schema = defineSchema({
  type: 'object',
  properties: {
    templates: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          name: { type: 'string', minLength: 1 },
          template: {
            type: 'object',
            properties: {
              model: { type: 'string', minLength: 1 },
              messages: { type: 'array', minItems: 1, items: messageMember },
            },
          },
        },
        required: ['name', 'template'],
      },
    },
    max_req_body_size: maxBodyMember,
  },
  required: ['templates'],
})

export type Config = Static<typeof schema>
