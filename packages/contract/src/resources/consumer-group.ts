// Consumer group: plugins that several consumers share (contract/admin-api.md §5.6).

import type { Static } from '../schema/index.ts'
import {
  descSchema,
  idSchema,
  labelsSchema,
  nameSchema,
  pluginsSchema,
  timestampSchema,
} from '../schema/fragments/resource-members.ts'
import { defineResource } from './define-resource.ts'

const consumerGroupSchema = {
  type: 'object',
  properties: {
    id: idSchema,
    name: nameSchema,
    desc: descSchema,
    labels: labelsSchema,
    plugins: pluginsSchema,
    create_time: timestampSchema,
    update_time: timestampSchema,
  },
  required: ['id', 'plugins'],
  additionalProperties: false,
} as const

export type ConsumerGroup = Static<typeof consumerGroupSchema>

export const consumerGroup = defineResource<typeof consumerGroupSchema, ConsumerGroup>({
  kind: 'consumer group',
  name: 'consumer_group',
  collection: 'consumer_groups',
  refuses: ['POST'],
  schema: consumerGroupSchema,
})
