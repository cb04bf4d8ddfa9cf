// Global rule: plugins that run for every request (contract/admin-api.md §5.6).

import type { Static } from '../schema/index.ts'
import { idSchema, pluginsSchema, timestampSchema } from '../schema/fragments/resource-members.ts'
import { defineResource } from './define-resource.ts'

const globalRuleSchema = {
  type: 'object',
  properties: {
    id: idSchema,

    plugins: pluginsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  required: ['id', 'plugins'],
  additionalProperties: false,
} as const

export type GlobalRule = Static<typeof globalRuleSchema>

export const globalRule = defineResource<typeof globalRuleSchema, GlobalRule>({
  kind: 'global rule',
  name: 'global_rule',
  collection: 'global_rules',
  refuses: ['POST'],
  schema: globalRuleSchema,
})
