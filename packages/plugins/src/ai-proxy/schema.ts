import { defineSchema, type Static } from '@weir/contract'
import {
  authMember,
  optionsMember,
  overrideMember,
  providerConfMember,
  providerMember,
  transportMembers,
} from '../llm-instances/schema.ts'

export const schema = defineSchema({
  type: 'object',
  properties: {
    provider: providerMember,
    auth: authMember,
    options: optionsMember,
    provider_conf: providerConfMember,
    override: overrideMember,
    ...transportMembers,
  },
  required: ['provider', 'auth'],
})

export type Config = Static<typeof schema>
