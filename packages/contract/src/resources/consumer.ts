// Consumer: somebody who calls (contract/admin-api.md §5.4).

import type { Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  pluginsSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { defineResource } from './define-resource.ts'

const consumerSchema = {
  type: 'object',
  properties: {
    username: { type: 'string', minLength: 1, maxLength: 256, pattern: '^[a-zA-Z0-9_\\-]+$' },
    id: idSchema,
    group_id: idSchema,
    plugins: pluginsSchema,
    desc: descSchema,
    labels: labelsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  required: ['username'],
  additionalProperties: false,
} as const

export type Consumer = Static<typeof consumerSchema>

export const consumer = defineResource<typeof consumerSchema, Consumer>({
  kind: 'consumer',
  name: 'consumer',
  collection: 'consumers',
  refuses: ['POST', 'PATCH'],
  schema: consumerSchema,
})
